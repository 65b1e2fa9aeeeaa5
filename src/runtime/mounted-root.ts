import { closeSync, constants, openSync } from "node:fs";
import { conflict, errnoCode } from "../base/index.ts";
import { withPrivateMountNamespace } from "../kernel/index.ts";
import { processPath } from "./process-paths.ts";
import { mountRootfs } from "./rootfs-mount.ts";
import type { MountedRoot, RootfsSource } from "./types.ts";

const O_PATH = 0o10000000;

/**
 * Mounts a root that no process runs in, where only this program sees it: the mount lives in a namespace of its own that
 * is kept by two descriptors, and goes when they are closed. `mountMore` is called in it with the root mounted, to mount into it
 * what else belongs there (volumes).
 */
export function openMountedRoot(
  rootfs: RootfsSource,
  target: string,
  mountMore: (rootFd: number) => void = () => {},
): MountedRoot {
  const { namespace, fd } = withPrivateMountNamespace(() => {
    mountRootfs(rootfs, target);
    const fd = openSync(target, O_PATH | constants.O_DIRECTORY);
    try {
      mountMore(fd);
      return { namespace: openSync("/proc/thread-self/ns/mnt", "r"), fd };
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  });
  return handle(fd, namespace);
}

/** The root as a running process sees it, with everything mounted there. Conflict `Runtime.NotRunning` once it has ended. */
export function openProcessRoot(pid: number): MountedRoot {
  return openInProcess(pid, "/");
}

/** A directory as a running process sees it, kept open. Conflict `Runtime.NotRunning` once it has ended. */
export function openInProcess(pid: number, path: string): MountedRoot {
  try {
    return handle(openSync(processPath(pid, path), O_PATH | constants.O_DIRECTORY));
  } catch (error) {
    if (!["ENOENT", "ESRCH"].includes(errnoCode(error) ?? "")) throw error;
    throw conflict(`process ${pid} has ended`, { code: "Runtime.NotRunning", cause: error });
  }
}

function handle(fd: number, namespace?: number): MountedRoot {
  let open = true;
  return {
    fd,
    path: `/proc/self/fd/${fd}`,
    close() {
      if (!open) return;
      open = false;
      closeSync(fd);
      if (namespace !== undefined) closeSync(namespace);
    },
  };
}
