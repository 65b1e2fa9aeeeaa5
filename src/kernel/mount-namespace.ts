import { closeSync, openSync } from "node:fs";
import { check, hasErrno, libc } from "./libc.ts";
import { listMounts, MountFlag, mount, unmount } from "./mount.ts";
import { SharedTrees } from "./mount-tree.ts";
import { keepingWorkingDirectory } from "./working-directory.ts";

const CLONE_NEWNS = 0x20000;

export interface PrivateMountOptions {
  /** Mounts that the copy shall not hold: what is mounted there is detached from it, with all below. */
  without?: readonly string[];
  /**
   * Paths whose mounts stay one with the host's, in both directions; all others only take over what the host mounts. Their
   * copies stand below `dir` (an empty directory of the host) as `0`, `1`, … in the order of the paths.
   */
  shared?: { paths: readonly string[]; dir: string };
}

/**
 * Runs `fn` in a private copy of the mount namespace: what it mounts is seen by it and by the processes that it
 * spawns, never by the host; the copy lives as long as those processes. Mounts that the host makes later in shared
 * places still arrive. Synchronous on purpose: nothing asynchronous may be started inside except a spawn.
 *
 * A cgroup2 mount beside v1 controllers ("hybrid") is left out of the copy, because crun refuses such a host.
 */
export function withPrivateMountNamespace<T>(fn: () => T, options: PrivateMountOptions = {}): T {
  const home = openSync("/proc/thread-self/ns/mnt", "r");
  try {
    return keepingWorkingDirectory(() => {
      // Implies CLONE_FS, without which setns() below would be refused.
      check(libc().unshare(CLONE_NEWNS), "unshare(CLONE_NEWNS)");
      let trees: SharedTrees | undefined;
      try {
        if (options.shared?.paths.length) trees = new SharedTrees(options.shared.paths);
        mount("none", "/", null, MountFlag.REC | MountFlag.SLAVE);
        trees?.attach(options.shared!.dir);
        for (const path of [...hybridCgroupMounts(), ...(options.without ?? [])]) detachIfMounted(path);
        return fn();
      } finally {
        trees?.close();
        check(libc().setns(home, CLONE_NEWNS), "setns back to the host's mounts");
      }
    });
  } finally {
    closeSync(home);
  }
}

let hybridMounts: string[] | undefined;

/** Where a cgroup2 hierarchy is mounted beside v1 ones; looked up once, since hosts do not change this. */
function hybridCgroupMounts(): string[] {
  if (!hybridMounts) {
    const mounts = listMounts();
    const hasV1 = mounts.some((entry) => entry.fsType === "cgroup");
    hybridMounts = hasV1
      ? mounts.filter((entry) => entry.fsType === "cgroup2").map((entry) => entry.mountPoint)
      : [];
  }
  return hybridMounts;
}

function detachIfMounted(path: string): void {
  try {
    unmount(path, { detach: true });
  } catch (error) {
    if (!hasErrno(error, "EINVAL", "ENOENT")) throw error;
  }
}
