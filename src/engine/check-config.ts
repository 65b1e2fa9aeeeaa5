import { posix } from "node:path";
import { notImplemented } from "../base/index.ts";
import { effectiveCapabilities, findInit, MASKED_PATHS, READONLY_PATHS } from "../runtime/index.ts";
import { checkResources } from "./container-resources.ts";
import { deviceRulesOf } from "./container-spec.ts";
import { DEFAULT_SHM_BYTES } from "./defaults.ts";
import { invalidRequest } from "./errors.ts";
import { logLimits } from "./log-rotation.ts";
import { parseNetworkMode, sharedContainer } from "./network-mode.ts";
import { parsePortKey, wantedPorts } from "./port-bindings.ts";
import { checkRestartPolicy } from "./restart-policy.ts";
import { securityOf } from "./security-options.ts";
import { signalNumber } from "./signals.ts";
import type { ContainerConfig, HostConfig } from "./types.ts";

const MIN_HEALTH_NS = 1_000_000;

/** Refuses what cannot work, before anything is made. */
export function checkConfig(config: ContainerConfig): void {
  if (config.WorkingDir && !posix.isAbsolute(config.WorkingDir)) {
    throw invalidRequest(
      `the working directory '${config.WorkingDir}' is invalid, it needs to be an absolute path`,
    );
  }
  if ([...(config.Entrypoint ?? []), ...(config.Cmd ?? [])].length === 0)
    throw invalidRequest("no command specified");
  if (config.StopSignal) signalNumber(config.StopSignal);
  if ((config.Hostname ?? "").length > 64) throw invalidRequest(`invalid hostname: ${config.Hostname}`);
  for (const key of Object.keys(config.ExposedPorts ?? {})) parsePortKey(key);
  checkHealthcheck(config);
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
export function completeHostConfig(hostConfig: HostConfig): HostConfig {
  const complete: HostConfig = {
    ...hostConfig,
    NetworkMode: networkModeText(hostConfig.NetworkMode),
    IpcMode: hostConfig.IpcMode || "private",
    ShmSize: hostConfig.ShmSize || DEFAULT_SHM_BYTES,
    RestartPolicy: { Name: "no", MaximumRetryCount: 0, ...emptyNameIsNo(hostConfig.RestartPolicy) },
    LogConfig: {
      Type: hostConfig.LogConfig?.Type || "json-file",
      Config: hostConfig.LogConfig?.Config ?? {},
    },
    MaskedPaths: hostConfig.Privileged ? [] : (hostConfig.MaskedPaths ?? [...MASKED_PATHS]),
    ReadonlyPaths: hostConfig.Privileged ? [] : (hostConfig.ReadonlyPaths ?? [...READONLY_PATHS]),
  };
  if (complete.Memory && !complete.MemorySwap) complete.MemorySwap = complete.Memory * 2;
  return complete;
}

function networkModeText(mode: string | undefined): string {
  return !mode || mode === "default" ? "bridge" : mode;
}

function emptyNameIsNo(policy: HostConfig["RestartPolicy"]) {
  return policy?.Name ? policy : {};
}

const LOG_DRIVERS = ["json-file", "local", "none"];

export function checkHostConfig(config: ContainerConfig, hostConfig: HostConfig): void {
  checkResources(hostConfig);
  checkRestartPolicy(hostConfig.RestartPolicy, hostConfig.AutoRemove ?? false);
  effectiveCapabilities({ add: hostConfig.CapAdd, drop: hostConfig.CapDrop });
  securityOf(hostConfig.SecurityOpt ?? []);
  wantedPorts(config, hostConfig);
  checkModes(hostConfig);
  const driver = hostConfig.LogConfig?.Type ?? "";
  logLimits(hostConfig);
  if (driver && !LOG_DRIVERS.includes(driver))
    throw invalidRequest(`logger: no log driver named '${driver}' is registered`);
  deviceRulesOf(hostConfig);
  refuseUnsupported(hostConfig);
  if (Array.isArray(hostConfig.DeviceRequests) && hostConfig.DeviceRequests.length > 0) {
    throw invalidRequest('could not select device driver "" with capabilities: [[gpu]]');
  }
  if (hostConfig.Runtime && !["runc", "crun", "io.containerd.runc.v2"].includes(String(hostConfig.Runtime))) {
    throw invalidRequest(`unknown or invalid runtime name: ${hostConfig.Runtime}`);
  }
  if (hostConfig.Init && !findInit()) {
    throw notImplemented("no init program was found for --init", {
      code: "Engine.NoInit",
      hint: "install the package tini (or catatonit)",
    });
  }
}

/** Options that would change what a container may do or use, and are not built: silence would be a lie. */
const UNSUPPORTED: Record<string, string> = {
  Links: "links are not implemented: on a network of your own, containers know each other by name",
  StorageOpt: "storage options are not implemented",
  BlkioWeight: "limits of block devices are not implemented",
  BlkioWeightDevice: "limits of block devices are not implemented",
  BlkioDeviceReadBps: "limits of block devices are not implemented",
  BlkioDeviceWriteBps: "limits of block devices are not implemented",
  BlkioDeviceReadIOps: "limits of block devices are not implemented",
  BlkioDeviceWriteIOps: "limits of block devices are not implemented",
  CpuRealtimePeriod: "real-time scheduling is not implemented",
  CpuRealtimeRuntime: "real-time scheduling is not implemented",
};

function refuseUnsupported(hostConfig: HostConfig): void {
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
  const isShared = parseNetworkMode(hostConfig.NetworkMode).kind === "container";
  if (isShared && Object.keys(hostConfig.PortBindings ?? {}).length > 0) {
    throw invalidRequest("conflicting options: port publishing and the container type network mode");
  }
}
