import { lstatSync } from "node:fs";
import { join } from "node:path";
import { GantryError } from "../../base/index.ts";
import { hostInfo } from "../../kernel/index.ts";
import type {
  OciDevice,
  OciDeviceRule,
  OciMount,
  OciNamespace,
  OciProcess,
  OciResources,
  OciRlimit,
  OciSeccomp,
  OciSpec,
  OciUser,
} from "../oci-spec.ts";
import { effectiveCapabilities, heldCapabilities } from "./capabilities.ts";
import { resolveSeccomp, type SeccompProfile } from "./custom-seccomp.ts";
import { DEFAULT_SHM_BYTES, defaultMounts } from "./default-mounts.ts";
import { ALL_DEVICE_RULES, allHostDevices, DEFAULT_DEVICE_RULES } from "./devices.ts";
import { clampOomScoreAdj, clampRlimits, type HeldLimits } from "./process-limits.ts";
import { MASKED_PATHS, READONLY_PATHS } from "./protected-paths.ts";
import { defaultSeccomp } from "./seccomp.ts";

/** A namespace of the container: a new one, the host's, or the one at a path. */
export type NamespaceChoice = "new" | "host" | { path: string };

export interface SpecOptions {
  cgroupsPath: string;
  rootfsDir: string;
  readonlyRootfs?: boolean;
  hostname?: string;
  domainname?: string;
  args: string[];
  env: string[];
  cwd: string;
  user: OciUser;
  terminal: boolean;
  consoleSize?: { width: number; height: number };
  namespaces: {
    network: NamespaceChoice;
    ipc: NamespaceChoice;
    uts: NamespaceChoice;
    pid: NamespaceChoice;
    /** New if absent. */
    cgroup?: "new" | "host";
  };
  privileged?: boolean;
  capAdd?: readonly string[] | null;
  capDrop?: readonly string[] | null;
  noNewPrivileges?: boolean;
  seccomp?: "default" | "unconfined" | SeccompProfile;
  /** Null or absent: the defaults. */
  maskedPaths?: readonly string[] | null;
  readonlyPaths?: readonly string[] | null;
  /** Beside /proc, /dev and /sys; one of these that stands at a default's place replaces it. */
  mounts?: OciMount[];
  shmSizeBytes?: number;
  shmSource?: string;
  /** `--ipc none`: nothing is mounted at /dev/shm. */
  noShm?: boolean;
  devices?: OciDevice[];
  deviceRules?: OciDeviceRule[];
  resources?: OciResources;
  rlimits?: OciRlimit[];
  oomScoreAdj?: number;
  sysctls?: Record<string, string>;
  annotations?: Record<string, string>;
  /** Program that is run as process 1 and runs `args` (`--init`); bound in at INIT_PATH. */
  init?: string;
  held: HeldLimits;
  onClamped?: (what: string, asked: number, given: number) => void;
}

export const INIT_PATH = "/sbin/docker-init";

/** The whole config.json of a container. */
export function buildSpec(options: SpecOptions): OciSpec {
  const privileged = options.privileged ?? false;
  return {
    ociVersion: "1.0.2",
    hostname: options.namespaces.uts === "new" ? options.hostname : undefined,
    domainname: options.namespaces.uts === "new" ? options.domainname || undefined : undefined,
    process: buildProcess(options),
    root: { path: options.rootfsDir, readonly: options.readonlyRootfs ?? false },
    mounts: allMounts(options),
    annotations: options.annotations,
    linux: {
      namespaces: namespacesOf(options),
      devices: [...(privileged ? allHostDevices() : []), ...(options.devices ?? [])],
      cgroupsPath: options.cgroupsPath,
      resources: {
        ...options.resources,
        devices: privileged
          ? [...ALL_DEVICE_RULES]
          : [...DEFAULT_DEVICE_RULES, ...(options.deviceRules ?? [])],
      },
      rootfsPropagation: propagationNeeded(options.mounts ?? []),
      seccomp: seccompOf(options),
      sysctl: options.sysctls,
      maskedPaths: privileged ? undefined : [...(options.maskedPaths ?? MASKED_PATHS)],
      readonlyPaths: privileged ? undefined : [...(options.readonlyPaths ?? READONLY_PATHS)],
    },
  };
}

function buildProcess(options: SpecOptions): OciProcess {
  const capabilities = grantedCapabilities(options);
  // A process of another user than root gets none: it could use them by running a file with capabilities of its own.
  const effective = options.user.uid === 0 ? capabilities : [];
  return {
    terminal: options.terminal,
    consoleSize: options.terminal ? options.consoleSize : undefined,
    user: options.user,
    args: options.init ? [INIT_PATH, "--", ...options.args] : options.args,
    env: options.env,
    cwd: options.cwd || "/",
    capabilities: { bounding: capabilities, effective, permitted: effective, inheritable: [] },
    rlimits: clampRlimits(options.rlimits ?? [], options.held, options.onClamped),
    noNewPrivileges: options.noNewPrivileges ?? false,
    oomScoreAdj: clampOomScoreAdj(options.oomScoreAdj ?? 0, options.held),
  };
}

/** What a process in the container may be given. */
export function grantedCapabilities(
  options: Pick<SpecOptions, "privileged" | "capAdd" | "capDrop" | "held">,
): string[] {
  const wanted = effectiveCapabilities({
    privileged: options.privileged,
    add: options.capAdd,
    drop: options.capDrop,
  });
  return heldCapabilities(wanted, options.held.capabilities);
}

function allMounts(options: SpecOptions): OciMount[] {
  const own = [...(options.mounts ?? [])];
  if (options.init) {
    own.push({ destination: INIT_PATH, type: "bind", source: options.init, options: ["rbind", "ro"] });
  }
  const taken = new Set(own.map((mount) => mount.destination));
  const below = (path: string, dir: string) => path === dir || path.startsWith(`${dir}/`);
  const defaults = defaultMounts({
    privileged: options.privileged ?? false,
    shmSizeBytes: options.shmSizeBytes || DEFAULT_SHM_BYTES,
    shmSource: options.shmSource,
    hostIpc: options.namespaces.ipc === "host",
    noShm: options.noShm,
  }).filter(
    (mount) => !taken.has(mount.destination) && !(taken.has("/dev") && below(mount.destination, "/dev")),
  );
  // Parents before what stands in them; equal depth in the given order.
  const depth = (path: string) => path.split("/").filter(Boolean).length;
  own.sort((a, b) => depth(a.destination) - depth(b.destination));
  return [...defaults, ...own];
}

function namespacesOf(options: SpecOptions): OciNamespace[] {
  const list: OciNamespace[] = [{ type: "mount" }];
  const { network, ipc, uts, pid, cgroup } = options.namespaces;
  if (cgroup !== "host") list.push({ type: "cgroup" });
  for (const [type, choice] of Object.entries({ network, ipc, uts, pid })) {
    if (choice === "host") continue;
    list.push(choice === "new" ? ({ type } as OciNamespace) : ({ type, path: choice.path } as OciNamespace));
  }
  return list;
}

function seccompOf(options: SpecOptions): OciSeccomp | undefined {
  const choice = options.seccomp ?? "default";
  if (choice === "unconfined" || (options.privileged && choice === "default")) return undefined;
  const capabilities = grantedCapabilities(options);
  if (choice === "default") return defaultSeccomp(capabilities, process.arch);
  const { kernelVersion } = hostInfo();
  return resolveSeccomp(choice, { capabilities, architecture: process.arch, kernelVersion });
}

/** Shared or slave bind mounts work only when the container's root passes mounts on. */
function propagationNeeded(mounts: readonly OciMount[]): string | undefined {
  if (mounts.some(isSharedMount)) return "rshared";
  return mounts.some(isSlaveMount) ? "rslave" : undefined;
}

/** What is mounted in it in the container appears on the host, and the other way round. */
export function isSharedMount({ options = [] }: OciMount): boolean {
  return options.includes("rshared") || options.includes("shared");
}

/** What is mounted in it on the host appears in the container. */
export function isSlaveMount({ options = [] }: OciMount): boolean {
  return options.includes("rslave") || options.includes("slave");
}

/** Places that an image may not turn into links: masks and mounts would land elsewhere. */
const NEVER_LINKS = ["proc", "sys", "dev", "dev/pts", "dev/shm", "dev/mqueue"];

/** Refuses a root in which the kernel's own file systems would be mounted through a link. */
export function assertSafeRoot(rootfsDir: string): void {
  for (const name of NEVER_LINKS) {
    let isLink = false;
    try {
      isLink = lstatSync(join(rootfsDir, name)).isSymbolicLink();
    } catch {
      // It will be made.
    }
    if (isLink) {
      throw new GantryError(
        "InvalidArgument",
        `the image has a symbolic link at /${name}, which must be a directory`,
        {
          code: "Runtime.UnsafeRoot",
        },
      );
    }
  }
}
