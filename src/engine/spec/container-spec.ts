import { closeSync, constants } from "node:fs";
import { posix } from "node:path";
import { GantryError } from "../../base/index.ts";
import { hasErrno, mkdirInRoot, O_PATH, openInRoot } from "../../kernel/index.ts";
import {
  assertSafeRoot,
  buildSpec,
  findInit,
  hostDevices,
  type NamespaceChoice,
  type OciDeviceRule,
  type OciMount,
  type OciSpec,
  parseDeviceRule,
  prepareMountPoints,
} from "../../runtime/index.ts";
import type { Container } from "../containers/container.ts";
import type { EngineContext } from "../context.ts";
import { invalidRequest } from "../errors.ts";
import { linkEnvironment } from "../networks/links.ts";
import type { HostConfig } from "../types.ts";
import { containerEnvironment } from "./container-environment.ts";
import { ociResources, ociRlimits } from "./container-resources.ts";
import { securityOf } from "./security-options.ts";
import { lookUpUser, type ResolvedUser } from "./user-lookup.ts";

export interface SpecInput {
  container: Container;
  rootfsDir: string;
  mounts: OciMount[];
  namespaces: { network: NamespaceChoice; ipc: NamespaceChoice; uts: NamespaceChoice; pid: NamespaceChoice };
  shmSource: string | undefined;
}

/** The container's specification; called with its root mounted, in one tick. */
export function containerSpec(context: EngineContext, input: SpecInput): OciSpec {
  const { container, rootfsDir } = input;
  const { config, hostConfig, internal } = container.record;
  assertSafeRoot(rootfsDir);
  prepareMountPoints(rootfsDir, input.mounts);
  const user = userOf(container, rootfsDir);
  const cwd = workingDirectory(rootfsDir, config.WorkingDir);
  const security = securityOf(hostConfig.SecurityOpt ?? []);
  const devices = (hostConfig.Devices ?? []).map(hostDevices);
  const isUnmasked = security.unmaskPaths || hostConfig.Privileged === true;
  return buildSpec({
    cgroupsPath: cgroupPathOf(context, container),
    rootfsDir,
    readonlyRootfs: hostConfig.ReadonlyRootfs,
    hostname: config.Hostname,
    domainname: config.Domainname,
    args: [container.record.path, ...container.record.args],
    env: containerEnvironment({ config, home: user.home, links: linkEnvironment(context, container) }),
    cwd,
    user: { uid: user.uid, gid: user.gid, additionalGids: user.additionalGids },
    terminal: config.Tty ?? false,
    consoleSize: consoleSize(hostConfig.ConsoleSize),
    namespaces: { ...input.namespaces, cgroup: hostConfig.CgroupnsMode === "host" ? "host" : "new" },
    privileged: hostConfig.Privileged,
    capAdd: hostConfig.CapAdd,
    capDrop: hostConfig.CapDrop,
    noNewPrivileges: internal?.noNewPrivileges ?? security.noNewPrivileges,
    seccomp: security.seccomp,
    maskedPaths: isUnmasked ? [] : hostConfig.MaskedPaths,
    readonlyPaths: isUnmasked ? [] : hostConfig.ReadonlyPaths,
    mounts: input.mounts,
    shmSizeBytes: hostConfig.ShmSize,
    shmSource: input.shmSource,
    noShm: hostConfig.IpcMode === "none",
    devices: devices.flatMap((device) => device.devices),
    deviceRules: [...devices.flatMap((device) => device.rules), ...deviceRulesOf(hostConfig)],
    resources: ociResources(hostConfig),
    rlimits: ociRlimits(hostConfig),
    oomScoreAdj: hostConfig.OomScoreAdj,
    sysctls: sysctlsOf(input),
    annotations: internal?.annotations,
    init: hostConfig.Init && hasOwnProcesses(hostConfig) ? initProgram() : undefined,
    held: context.heldLimits,
    onClamped: (what, asked, given) =>
      context.logger.warn("a limit was lowered to what this program holds", {
        container: container.id,
        what,
        asked,
        given,
      }),
  });
}

export function deviceRulesOf(hostConfig: HostConfig): OciDeviceRule[] {
  const rules = hostConfig.DeviceCgroupRules;
  return Array.isArray(rules) ? rules.map((rule) => parseDeviceRule(String(rule))) : [];
}

/** `/gantry-<instance>/<id>`, or below the parent that was asked for. */
export function cgroupPathOf(context: EngineContext, container: Container): string {
  const parent = container.record.hostConfig.CgroupParent || `/gantry-${context.instanceId}`;
  return posix.join("/", parent, container.id);
}

function userOf(container: Container, rootfsDir: string): ResolvedUser {
  const { config, hostConfig, internal } = container.record;
  if (internal?.uid !== undefined) {
    const gid = internal.gid ?? 0;
    return { uid: internal.uid, gid, additionalGids: [gid, ...(internal.supplementalGids ?? [])], home: "/" };
  }
  const user = lookUpUser(rootfsDir, config.User ?? "", hostConfig.GroupAdd ?? []);
  const more = internal?.supplementalGids ?? [];
  return { ...user, additionalGids: [...new Set([...user.additionalGids, ...more])] };
}

/** Docker makes a working directory that is missing. One that leads out by a descriptor is refused (CVE-2024-21626). */
function workingDirectory(rootfsDir: string, path: string | undefined): string {
  const cwd = posix.normalize(posix.join("/", path || "/"));
  if (/^\/proc\/[^/]+\/(fd|cwd|root|task)(\/|$)/.test(cwd)) {
    throw invalidRequest(`the working directory ${cwd} is not allowed`);
  }
  // A volume may bring it: only what the image's own tree lacks is made.
  try {
    closeSync(openInRoot(rootfsDir, cwd, O_PATH));
  } catch (error) {
    if (!hasErrno(error, "ENOENT")) throw invalidRequest(`the working directory ${cwd} cannot be used`);
    makeWorkingDirectory(rootfsDir, cwd);
  }
  return cwd;
}

function makeWorkingDirectory(rootfsDir: string, cwd: string): void {
  try {
    mkdirInRoot(rootfsDir, cwd, 0o755);
    closeSync(openInRoot(rootfsDir, cwd, constants.O_RDONLY | constants.O_DIRECTORY));
  } catch (error) {
    throw invalidRequest(`the working directory ${cwd} cannot be made: ${(error as Error).message}`);
  }
}

function consoleSize(value: unknown): { width: number; height: number } | undefined {
  if (!Array.isArray(value)) return undefined;
  const [height, width] = value as unknown[];
  return typeof height === "number" && typeof width === "number" && height > 0 && width > 0
    ? { height, width }
    : undefined;
}

/** With a network of its own, a container may use low ports and ping without being root, as in Docker. */
function sysctlsOf({ container, namespaces }: SpecInput): Record<string, string> | undefined {
  const asked = container.record.hostConfig.Sysctls ?? {};
  const hasOwnNetwork =
    namespaces.network !== "host" &&
    container.record.hostConfig.NetworkMode?.startsWith("container:") !== true;
  const defaults: Record<string, string> = hasOwnNetwork
    ? { "net.ipv4.ip_unprivileged_port_start": "0", "net.ipv4.ping_group_range": "0 2147483647" }
    : {};
  const all: Record<string, string> = { ...defaults, ...asked };
  for (const name of Object.keys(asked)) assertSysctlAllowed(name, namespaces);
  return Object.keys(all).length > 0 ? all : undefined;
}

const IPC_SYSCTLS =
  /^(kernel\.(msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced)|fs\.mqueue\..+)$/;

/** Only what belongs to a namespace of the container's own: others would change the host. */
function assertSysctlAllowed(name: string, namespaces: SpecInput["namespaces"]): void {
  const dotted = name.replaceAll("/", ".");
  if (dotted.startsWith("net.") && namespaces.network !== "host") return;
  if (IPC_SYSCTLS.test(dotted) && namespaces.ipc !== "host") return;
  if (["kernel.hostname", "kernel.domainname"].includes(dotted) && namespaces.uts !== "host") return;
  throw invalidRequest(`sysctl '${name}' is not allowed: it is not in a namespace of the container`);
}

/** In another's pid namespace there is an init already. */
const hasOwnProcesses = ({ PidMode }: HostConfig) => !PidMode || PidMode === "private";

function initProgram(): string {
  const path = findInit();
  if (path) return path;
  throw new GantryError("Unavailable", "no static init program was found for --init", {
    code: "Engine.NoInit",
    hint: "install the package tini (or catatonit)",
  });
}
