import { type CgroupLayout, cgroupLayout, hostInfo, hostMemory, openFilesLimit } from "../../kernel/index.ts";
import { assertSystemPackages } from "../requirements.ts";
import { type Check, failure, type Outcome, ok, warning } from "./check.ts";

/** openat2(2), by which paths in containers are followed, is in Linux since 5.6; mount_setattr(2) since 5.12. */
const NEEDED_KERNEL = [5, 6] as const;
const GOOD_KERNEL = [5, 12] as const;
const NEEDED_CONTROLLERS = ["memory", "cpu", "pids"];
const MIB = 2 ** 20;
const LITTLE_MEMORY_BYTES = 256 * MIB;
const FEW_FILES = 4096;

/** The kernel, its cgroups, the packages, and how much there is of everything. */
export const machineChecks: readonly Check[] = [
  { name: "user", look: () => judgeUser(process.getuid?.()) },
  { name: "kernel", look: () => judgeKernel(hostInfo().kernelVersion) },
  { name: "cgroups", look: () => judgeCgroups(cgroupLayout()) },
  {
    name: "packages",
    look: () => {
      assertSystemPackages();
      return ok("an OCI runtime, conmon and libnftables are there");
    },
  },
  { name: "memory", look: () => judgeMemory(hostMemory().availableBytes) },
  { name: "open files", look: () => judgeOpenFiles(openFilesLimit()) },
];

export function judgeUser(uid: number | undefined): Outcome {
  return uid === 0
    ? ok("root")
    : failure("Gantry needs root: it makes namespaces, mounts and firewall rules", "run it with sudo");
}

export function judgeKernel(version: string): Outcome {
  if (!isAtLeast(version, NEEDED_KERNEL))
    return failure(`Linux ${version} is too old: 5.6 or later is needed`);
  if (!isAtLeast(version, GOOD_KERNEL))
    return warning(`Linux ${version}: mounts below a read-only one stay writable before 5.12`);
  return ok(`Linux ${version}`);
}

function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [isMajor = 0, isMinor = 0] = version.split(".").map((part) => Number.parseInt(part, 10));
  return isMajor > major || (isMajor === major && isMinor >= minor);
}

export function judgeCgroups({ mode, controllers }: Pick<CgroupLayout, "mode" | "controllers">): Outcome {
  const missing = mode === "v2" ? [] : NEEDED_CONTROLLERS.filter((name) => !controllers.has(name));
  if (missing.length > 0)
    return failure(
      `no hierarchy for ${missing.join(", ")} is mounted`,
      "mount them below /sys/fs/cgroup, or boot with systemd.unified_cgroup_hierarchy=1",
    );
  return ok(mode === "v2" ? "version 2" : `version 1 (${mode === "hybrid" ? "hybrid" : "legacy"})`);
}

export function judgeMemory(availableBytes: number): Outcome {
  const text = `${Math.round(availableBytes / MIB)} MiB can be used`;
  if (availableBytes >= LITTLE_MEMORY_BYTES) return ok(text);
  return warning(
    text,
    "an idle platform needs some 130 MiB, an agent 90 MiB, and pods are evicted below 100 MiB",
  );
}

export function judgeOpenFiles(limit: number): Outcome {
  if (limit >= FEW_FILES) return ok(`${limit} a process`);
  return warning(
    `only ${limit} a process: every container and connection takes some`,
    "raise it with ulimit -n",
  );
}
