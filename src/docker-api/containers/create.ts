import { invalidArgument } from "../../base/index.ts";
import type {
  ContainerConfig,
  CreateContainerRequest,
  EndpointSettings,
  HostConfig,
} from "../../engine/types.ts";
import { sendJson } from "../../http/index.ts";
import type { ApiContext } from "../api-context.ts";
import { text } from "../wire/query.ts";
import { assertShape, type JsonObject, requiredObject } from "../wire/request-body.ts";
import type { ContainersBackend } from "./backend.ts";

/** `POST /containers/create`. */
export async function createContainer(backend: ContainersBackend, context: ApiContext): Promise<void> {
  const body = await requiredObject(context);
  const { id, warnings } = await backend.createContainer({
    name: text(context.query, "name"),
    platform: text(context.query, "platform"),
    ...toCreateRequest(body),
  });
  sendJson(context.res, 201, { Id: id, Warnings: warnings });
}

/** Takes the body apart; what only the program's own parts may ask for has no place in it. */
function toCreateRequest(
  body: JsonObject,
): Pick<CreateContainerRequest, "config" | "hostConfig" | "networkingConfig"> {
  const { HostConfig, NetworkingConfig, ...config } = body;
  assertContainerConfig(config);
  const hostConfig = asObject(HostConfig, "HostConfig");
  assertHostConfig(hostConfig);
  const networking = asObject(NetworkingConfig, "NetworkingConfig");
  assertShape(networking, "NetworkingConfig", { EndpointsConfig: "object" });
  return {
    config: config as unknown as ContainerConfig,
    hostConfig: hostConfig as HostConfig,
    networkingConfig: {
      EndpointsConfig: (networking.EndpointsConfig ?? {}) as Record<string, EndpointSettings>,
    },
  };
}

export function assertContainerConfig(config: JsonObject): void {
  assertShape(config, "Config", {
    Image: "string",
    Hostname: "string",
    Domainname: "string",
    User: "string",
    WorkingDir: "string",
    StopSignal: "string",
    StopTimeout: "number",
    Tty: "boolean",
    OpenStdin: "boolean",
    StdinOnce: "boolean",
    AttachStdin: "boolean",
    AttachStdout: "boolean",
    AttachStderr: "boolean",
    Env: "strings",
    Labels: "object",
    Volumes: "object",
    ExposedPorts: "object",
    Healthcheck: "object",
  });
  // Docker takes one word for a list of it.
  for (const field of ["Cmd", "Entrypoint"])
    if (typeof config[field] === "string") config[field] = [config[field]];
  assertShape(config, "Config", { Cmd: "strings", Entrypoint: "strings" });
  assertStringValues(config.Labels, "Config.Labels");
}

export function assertHostConfig(hostConfig: JsonObject): void {
  assertShape(hostConfig, "HostConfig", {
    Binds: "strings",
    Mounts: "array",
    NetworkMode: "string",
    PortBindings: "object",
    PublishAllPorts: "boolean",
    RestartPolicy: "object",
    AutoRemove: "boolean",
    Privileged: "boolean",
    ReadonlyRootfs: "boolean",
    CapAdd: "strings",
    CapDrop: "strings",
    Dns: "strings",
    DnsOptions: "strings",
    DnsSearch: "strings",
    ExtraHosts: "strings",
    GroupAdd: "strings",
    IpcMode: "string",
    PidMode: "string",
    UTSMode: "string",
    CgroupParent: "string",
    SecurityOpt: "strings",
    Tmpfs: "object",
    ShmSize: "number",
    Sysctls: "object",
    Init: "boolean",
    OomScoreAdj: "number",
    Memory: "number",
    MemorySwap: "number",
    MemoryReservation: "number",
    NanoCpus: "number",
    CpuShares: "number",
    CpuPeriod: "number",
    CpuQuota: "number",
    CpusetCpus: "string",
    PidsLimit: "number",
    Ulimits: "array",
    Devices: "array",
    LogConfig: "object",
    VolumesFrom: "strings",
    MaskedPaths: "strings",
    ReadonlyPaths: "strings",
  });
  assertStringValues(hostConfig.Tmpfs, "HostConfig.Tmpfs");
  assertStringValues(hostConfig.Sysctls, "HostConfig.Sysctls");
}

function asObject(value: unknown, name: string): JsonObject {
  if (value === undefined || value === null) return {};
  assertShape({ [name]: value }, "CreateRequest", { [name]: "object" });
  return value as JsonObject;
}

function assertStringValues(value: unknown, name: string): void {
  if (value === undefined || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    if (typeof item !== "string") {
      throw invalidArgument(`invalid JSON: the value of ${name}[${JSON.stringify(key)}] must be a string`, {
        code: "DockerApi.Body",
      });
    }
  }
}
