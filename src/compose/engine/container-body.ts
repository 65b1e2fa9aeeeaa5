import { invalidArgument } from "../../base/index.ts";
import {
  hostLines,
  imageOf,
  networksByPriority,
  type Project,
  type Service,
  type ServiceFields,
} from "../model/index.ts";
import { endpointsOf } from "./endpoints.ts";
import { environmentList } from "./environment-list.ts";
import { containerMounts, type Inherited } from "./mounts.ts";
import { containerResources, restartPolicy } from "./resources.ts";
import { readSecurityOptions } from "./security-options.ts";

export interface BodyOptions {
  /** With the number, if it has one. */
  containerName: string;
  labels: Readonly<Record<string, string>>;
  links: readonly string[];
  autoRemove: boolean;
  attachInput: boolean;
  useAliases: boolean;
  inherited: Inherited | undefined;
  separator: string;
  /** The engine's. */
  apiVersion: string;
  readFile(path: string): string;
  warn(message: string): void;
}

export const isOlder = (version: string, than: string): boolean => {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [otherMajor = 0, otherMinor = 0] = than.split(".").map(Number);
  return major === otherMajor ? minor < otherMinor : major < otherMajor;
};

const seconds = (nanoseconds: number | undefined) =>
  nanoseconds === undefined ? undefined : Math.floor(nanoseconds / 1e9);

/** The body of `POST /containers/create` for a container of a service (docker/compose, pkg/compose/create.go). */
export function containerBody(
  project: Project,
  service: Service,
  options: BodyOptions,
): Record<string, unknown> {
  const { apiVersion, warn } = options;
  const mac = macAddress(service, apiVersion);
  const { binds, mounts } = containerMounts(project, service, options.inherited, warn);
  if (mounts.some(({ Type: type }) => type === "image") && isOlder(apiVersion, "1.48")) {
    throw invalidArgument("volume with type=image require Docker Engine v28 or later");
  }
  const { networkMode, endpoints } = endpointsOf(project, service, options, mac.ofNetwork);
  const { opts, unconfined } = readSecurityOptions(
    service.security_opt,
    project.workingDir,
    options.readFile,
  );
  return {
    Hostname: service.hostname,
    Domainname: service.domainname,
    User: service.user,
    ExposedPorts: exposedPorts(service),
    Tty: service.tty ?? false,
    OpenStdin: service.stdin_open ?? false,
    StdinOnce: options.attachInput && (service.stdin_open ?? false),
    AttachStdin: options.attachInput,
    AttachStdout: true,
    AttachStderr: true,
    Cmd: service.command,
    Entrypoint: service.entrypoint,
    Image: imageOf(service, project, options.separator),
    WorkingDir: service.working_dir,
    NetworkDisabled: service.network_mode === "disabled" || undefined,
    MacAddress: mac.ofContainer,
    Labels: options.labels,
    StopSignal: service.stop_signal,
    StopTimeout: seconds(service.stop_grace_period),
    Env: environmentList(service.environment),
    Healthcheck: healthcheck(service, apiVersion),
    HostConfig: {
      AutoRemove: options.autoRemove,
      Annotations: service.annotations,
      Binds: binds.length > 0 ? binds : null,
      Mounts: mounts,
      CapAdd: capabilities(service.cap_add),
      CapDrop: capabilities(service.cap_drop),
      NetworkMode: networkMode,
      Init: service.init,
      IpcMode: service.ipc,
      CgroupnsMode: service.cgroup,
      ReadonlyRootfs: service.read_only ?? false,
      RestartPolicy: restartPolicy(service),
      ShmSize: service.shm_size,
      Sysctls: service.sysctls,
      PortBindings: portBindings(service),
      VolumeDriver: service.volume_driver,
      VolumesFrom: service.volumes_from,
      Dns: service.dns,
      DnsSearch: service.dns_search,
      DnsOptions: service.dns_opt,
      ExtraHosts: hostLines(service.extra_hosts, ":"),
      SecurityOpt: opts,
      MaskedPaths: unconfined ? [] : undefined,
      ReadonlyPaths: unconfined ? [] : undefined,
      StorageOpt: service.storage_opt,
      UsernsMode: service.userns_mode,
      UTSMode: service.uts,
      Privileged: service.privileged ?? false,
      PidMode: service.pid,
      Tmpfs: tmpfs(service),
      Isolation: service.isolation,
      Runtime: service.runtime,
      LogConfig: service.logging
        ? { Type: service.logging.driver, Config: service.logging.options }
        : undefined,
      GroupAdd: service.group_add,
      Links: options.links.length > 0 ? options.links : undefined,
      OomScoreAdj: service.oom_score_adj,
      ...containerResources(service),
    },
    NetworkingConfig: endpoints ? { EndpointsConfig: endpoints } : undefined,
  };
}

/** `NET_ADMIN` as `CAP_NET_ADMIN`, as Docker's own client sends it. */
function capabilities(names: readonly string[] | undefined): string[] | undefined {
  return names?.map((name) => {
    const upper = name.trim().toUpperCase();
    return upper === "ALL" || upper.startsWith("CAP_") ? upper : `CAP_${upper}`;
  });
}

function exposedPorts(service: ServiceFields): Record<string, object> {
  const ports = (service.ports ?? []).map(({ target, protocol }) => `${target}/${protocol}`);
  return Object.fromEntries([...(service.expose ?? []), ...ports].map((port) => [port, {}]));
}

function portBindings(service: ServiceFields): Record<string, { HostIp: string; HostPort: string }[]> {
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const { target, protocol, host_ip: address = "", published = "" } of service.ports ?? []) {
    const port = `${target}/${protocol}`;
    bindings[port] = [...(bindings[port] ?? []), { HostIp: address, HostPort: published }];
  }
  return bindings;
}

function tmpfs(service: ServiceFields): Record<string, string> | undefined {
  if (!service.tmpfs?.length) return undefined;
  return Object.fromEntries(
    service.tmpfs.map((one) => {
      const at = one.indexOf(":");
      return at < 0 ? [one, ""] : [one.slice(0, at), one.slice(at + 1)];
    }),
  );
}

function healthcheck({ healthcheck: check }: ServiceFields, apiVersion: string): object | undefined {
  if (!check) return undefined;
  if (check.start_interval !== undefined && isOlder(apiVersion, "1.44")) {
    throw invalidArgument(
      "can't set healthcheck.start_interval as feature require Docker Engine v25 or later",
    );
  }
  return {
    Test: check.disable ? ["NONE"] : check.test,
    Interval: check.interval,
    Timeout: check.timeout,
    StartPeriod: check.start_period,
    StartInterval: check.start_interval,
    Retries: check.retries,
  };
}

/** From 1.44 on it is the first network's, before that the container's. */
function macAddress(service: Service, apiVersion: string): { ofContainer?: string; ofNetwork?: string } {
  const own = service.mac_address;
  const [first] = networksByPriority(service);
  const ofFirst = first === undefined ? undefined : service.networks?.[first]?.mac_address;
  if (own && ofFirst && own !== ofFirst) {
    throw invalidArgument(`the service-level mac_address should have the same value as network ${first}`);
  }
  if (!isOlder(apiVersion, "1.44")) return { ofNetwork: own };
  const others = Object.entries(service.networks ?? {}).filter(([, network]) => network?.mac_address);
  if (others.length > 1) {
    throw invalidArgument(
      `a MAC address is specified for multiple networks (${others.map(([name]) => name).join(", ")}), but this feature requires Docker Engine v25 or later`,
    );
  }
  return { ofContainer: ofFirst || own };
}
