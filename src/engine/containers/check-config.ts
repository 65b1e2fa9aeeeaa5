import { isIP } from "node:net";
import { posix } from "node:path";
import { GantryError, notImplemented } from "../../base/index.ts";
import { cgroupMode } from "../../kernel/index.ts";
import { effectiveCapabilities, findInit, MASKED_PATHS, READONLY_PATHS } from "../../runtime/index.ts";
import { DEFAULT_SHM_BYTES } from "../defaults.ts";
import { invalidRequest } from "../errors.ts";
import { checkLogOptions } from "../logs/drivers/drivers.ts";
import { logLimits } from "../logs/log-rotation.ts";
import { parseNetworkMode, sharedContainer } from "../networks/network-mode.ts";
import { parsePortKey, wantedPorts } from "../networks/port-bindings.ts";
import { checkResources } from "../spec/container-resources.ts";
import { deviceRulesOf } from "../spec/container-spec.ts";
import { securityOf } from "../spec/security-options.ts";
import type { ContainerConfig, HostConfig } from "../types.ts";
import { checkRestartPolicy } from "./restart-policy.ts";
import { signalNumber } from "./signals.ts";

const MIN_HEALTH_NS = 1_000_000;

/** Refuses what cannot work, before the image is looked for. */
export function checkConfig(config: ContainerConfig): void {
  if (config.WorkingDir && !posix.isAbsolute(config.WorkingDir)) {
    throw invalidRequest(
      `the working directory '${config.WorkingDir}' is invalid, it needs to be an absolute path`,
    );
  }
  if (config.StopSignal) signalNumber(config.StopSignal);
  if ((config.Hostname ?? "").length > 64) throw invalidRequest(`invalid hostname: ${config.Hostname}`);
  for (const key of Object.keys(config.ExposedPorts ?? {})) parsePortKey(key);
  for (const entry of config.Env ?? []) {
    if (entry === "" || entry.startsWith("=")) throw invalidRequest(`invalid environment variable: ${entry}`);
  }
  checkHealthcheck(config);
}

/** Together with what the image brings. */
export function checkCommand({ Entrypoint, Cmd }: ContainerConfig): void {
  if ([...(Entrypoint ?? []), ...(Cmd ?? [])].length === 0) throw invalidRequest("no command specified");
}

function checkHealthcheck({ Healthcheck: check }: ContainerConfig): void {
  if (!check) return;
  for (const field of ["Interval", "Timeout", "StartPeriod", "StartInterval"] as const) {
    const value = check[field] ?? 0;
    if (value !== 0 && value < MIN_HEALTH_NS)
      throw invalidRequest(`${field} in Healthcheck cannot be less than 1ms`);
  }
  if ((check.Retries ?? 0) < 0) throw invalidRequest("Retries in Healthcheck cannot be negative");
}

/** The host's side with its defaults filled in, as Docker stores and shows it. */
export function completeHostConfig(hostConfig: HostConfig, runtime: string): HostConfig {
  const complete: HostConfig = {
    ...hostConfig,
    NetworkMode: networkModeText(hostConfig.NetworkMode),
    IpcMode: hostConfig.IpcMode || "private",
    CgroupnsMode: hostConfig.CgroupnsMode || (cgroupMode() === "v2" ? "private" : "host"),
    Runtime: hostConfig.Runtime || runtime,
    ShmSize: hostConfig.ShmSize || DEFAULT_SHM_BYTES,
    RestartPolicy: { Name: "no", MaximumRetryCount: 0, ...emptyNameIsNo(hostConfig.RestartPolicy) },
    LogConfig: {
      Type: hostConfig.LogConfig?.Type || "json-file",
      Config: hostConfig.LogConfig?.Config ?? {},
    },
    MaskedPaths: hostConfig.MaskedPaths ?? (hostConfig.Privileged ? null : [...MASKED_PATHS]),
    ReadonlyPaths: hostConfig.ReadonlyPaths ?? (hostConfig.Privileged ? null : [...READONLY_PATHS]),
    SecurityOpt: labelled(hostConfig),
    MemorySwappiness: hostConfig.MemorySwappiness === -1 ? null : (hostConfig.MemorySwappiness ?? null),
    CpuPercent: 0,
  };
  // Version 2 of cgroups has no such switch.
  complete.OomKillDisable = cgroupMode() === "v2" ? null : (hostConfig.OomKillDisable ?? false);
  if (complete.Memory && !complete.MemorySwap) complete.MemorySwap = complete.Memory * 2;
  return complete;
}

/** Who shares the host's processes has no label of its own; Docker notes it. */
function labelled({ SecurityOpt, IpcMode, PidMode, Privileged }: HostConfig): HostConfig["SecurityOpt"] {
  const isShared = Privileged || IpcMode === "host" || PidMode === "host";
  if (!isShared || SecurityOpt?.some((option) => /^label(=|$)/.test(option))) return SecurityOpt;
  return [...(SecurityOpt ?? []), "label=disable"];
}

function networkModeText(mode: string | undefined): string {
  return !mode || mode === "default" ? "bridge" : mode;
}

function emptyNameIsNo(policy: HostConfig["RestartPolicy"]) {
  return policy?.Name ? policy : {};
}

function checkLogging(hostConfig: HostConfig): void {
  checkLogOptions(hostConfig.LogConfig?.Type || "json-file", hostConfig.LogConfig?.Config ?? {});
  logLimits(hostConfig);
}

export function checkHostConfig(config: ContainerConfig, hostConfig: HostConfig): void {
  checkForeignOptions(hostConfig);
  checkRestartPolicy(hostConfig.RestartPolicy, hostConfig.AutoRemove ?? false);
  for (const host of hostConfig.ExtraHosts ?? []) checkExtraHost(host);
  if (Object.hasOwn(hostConfig.Annotations ?? {}, "")) {
    throw invalidRequest("invalid Annotations: the empty string is not permitted as an annotation key");
  }
  checkResources(hostConfig);
  checkCapabilities(hostConfig);
  securityOf(hostConfig.SecurityOpt ?? []);
  wantedPorts(config, hostConfig);
  checkModes(hostConfig);
  checkLogging(hostConfig);
  deviceRulesOf(hostConfig);
  refuseUnsupported(hostConfig);
  if (Array.isArray(hostConfig.DeviceRequests) && hostConfig.DeviceRequests.length > 0) {
    throw invalidRequest('could not select device driver "" with capabilities: [[gpu]]');
  }
  if (hostConfig.Runtime && !["runc", "crun", "io.containerd.runc.v2"].includes(String(hostConfig.Runtime))) {
    throw invalidRequest(`unknown or invalid runtime name: ${hostConfig.Runtime}`);
  }
  if (hostConfig.Init && !findInit()) {
    throw notImplemented("no static init program was found for --init", {
      code: "Engine.NoInit",
      hint: "install the package tini (or catatonit)",
    });
  }
}

/** What only other systems have. */
function checkForeignOptions({ Isolation, IOMaximumBandwidth, IOMaximumIOps }: HostConfig): void {
  if (Isolation && String(Isolation).toLowerCase() !== "default") {
    throw invalidRequest(`invalid isolation (${Isolation}): linux only supports 'default'`);
  }
  for (const [value, what] of [
    [IOMaximumBandwidth, "bandwidth"],
    [IOMaximumIOps, "IOPs"],
  ]) {
    if (!value) continue;
    throw invalidRequest(`invalid option: QoS maximum ${what} configuration is not supported on linux`);
  }
}

/** `name:address`, or the host's own address by the word for it. */
function checkExtraHost(host: string): void {
  const [, name, address] = /^([^:]*)(?::(.*))?$/s.exec(host)!;
  if (!name || address === undefined) {
    throw invalidRequest(`bad format for add-host: ${JSON.stringify(host)}`);
  }
  if (address === "host-gateway" || isIP(address.trim()) !== 0) return;
  throw invalidRequest(`invalid IP address in add-host: ${JSON.stringify(address)}`);
}

/** Docker says of which of the two lists a capability is unknown. */
function checkCapabilities({ CapAdd, CapDrop }: HostConfig): void {
  for (const [list, names] of [
    ["CapAdd", CapAdd],
    ["CapDrop", CapDrop],
  ] as const) {
    for (const name of names ?? []) {
      if (isCapability(name)) continue;
      const full = name.toUpperCase().replace(/^(CAP_)?/, "CAP_");
      throw invalidRequest(`invalid ${list}: unknown capability: "${full}"`);
    }
  }
}

function isCapability(name: string): boolean {
  try {
    effectiveCapabilities({ add: [name] });
    return true;
  } catch {
    return false;
  }
}

/** In the words of the driver overlay2: directories have limits only by project quotas of the file system, which are not used. */
function storageOptionRefusal(options: object): GantryError {
  const unknown = Object.keys(options).find((key) => key.toLowerCase() !== "size");
  const message =
    "size" in options || unknown === undefined
      ? "--storage-opt is supported only for overlay over xfs with 'pquota' mount option"
      : `Unknown option ${unknown}`;
  return new GantryError("Internal", message, { code: "Engine.StorageOpt" });
}

/** Options that would change what a container may do or use, and are not built: silence would be a lie. */
const UNSUPPORTED: Record<string, string> = {
  CpuRealtimePeriod: "real-time scheduling is not implemented",
  CpuRealtimeRuntime: "real-time scheduling is not implemented",
};

export function refuseUnsupported(hostConfig: HostConfig): void {
  if (isAsked(hostConfig.StorageOpt)) throw storageOptionRefusal(hostConfig.StorageOpt as object);
  for (const [key, reason] of Object.entries(UNSUPPORTED)) {
    if (isAsked(hostConfig[key]))
      throw notImplemented(reason, { code: "Engine.Unsupported", details: { option: key } });
  }
  if (hostConfig.UsernsMode && hostConfig.UsernsMode !== "host") {
    throw notImplemented("user namespaces are not implemented", { code: "Engine.Unsupported" });
  }
}

function isAsked(value: unknown): boolean {
  return typeof value === "object" && value !== null ? Object.keys(value).length > 0 : Boolean(value);
}

function checkModes(hostConfig: HostConfig): void {
  const ipc = hostConfig.IpcMode ?? "";
  if (!["", "private", "shareable", "host", "none"].includes(ipc) && !sharedContainer(ipc)) {
    throw invalidRequest(`invalid IPC mode: ${ipc}`);
  }
  const pid = hostConfig.PidMode ?? "";
  if (!["", "host"].includes(pid) && !sharedContainer(pid)) throw invalidRequest(`invalid PID mode: ${pid}`);
  const uts = hostConfig.UTSMode ?? "";
  if (!["", "host"].includes(uts)) throw invalidRequest(`invalid UTS mode: ${uts}`);
  const cgroup = hostConfig.CgroupnsMode ?? "";
  if (!["", "host", "private"].includes(String(cgroup))) {
    throw invalidRequest(`invalid cgroup namespace mode: ${cgroup}`);
  }
}

/** Who uses the network or the host name of another has none of its own to describe. */
export function checkSharedNetwork(config: ContainerConfig, hostConfig: HostConfig): void {
  const refuse = (what: string) => invalidRequest(`conflicting options: ${what}`);
  if (hostConfig.UTSMode === "host" && config.Hostname) throw refuse("hostname and the UTS mode");
  if (hostConfig.NetworkMode === "host" && hostConfig.Links?.length) {
    throw refuse("host type networking can't be used with links. This would result in undefined behavior");
  }
  if (["container", "container:"].includes(hostConfig.NetworkMode ?? "")) {
    throw invalidRequest("invalid network mode: invalid container format container:<name|id>");
  }
  if (parseNetworkMode(hostConfig.NetworkMode).kind !== "container") return;
  if (hostConfig.Links?.length) {
    throw refuse("container type network can't be used with links. This would result in undefined behavior");
  }
  if (config.Hostname) throw refuse("hostname and the network mode");
  if (hostConfig.Dns?.length) throw refuse("dns and the network mode");
  if (hostConfig.ExtraHosts?.length) throw refuse("custom host-to-IP mapping and the network mode");
  if (config.MacAddress) throw refuse("mac-address and the network mode");
  if (hostConfig.PublishAllPorts || Object.keys(hostConfig.PortBindings ?? {}).length > 0)
    throw refuse("port publishing and the container type network mode");
  if (Object.keys(config.ExposedPorts ?? {}).length > 0)
    throw refuse("port exposing and the container type network mode");
}
