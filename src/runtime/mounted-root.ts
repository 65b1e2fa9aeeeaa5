import { closeSync, constants, openSync } from "node:fs";
import { MountFlag, mount, withPrivateMountNamespace } from "../kernel/index.ts";
import { processPath } from "./process-paths.ts";
import { mountRootfs } from "./rootfs-mount.ts";
import type { MountedRoot, RootfsSource } from "./types.ts";

const O_PATH = 0o10000000;

export interface RootBind {
  source: string;
  /** Where it stands below the mounted root, resolved by the caller. */
  target: string;
}

/**
 * Mounts a root that no process runs in, where only this program sees it: the mount lives in a namespace of its own that
 * is kept by two descriptors, and goes when they are closed. `binds` is asked with the root mounted for what else to
 * mount into it (volumes).
 */
export function openMountedRoot(
  rootfs: RootfsSource,
  target: string,
  binds: (root: string) => RootBind[] = () => [],
): MountedRoot {
  const { namespace, fd } = withPrivateMountNamespace(() => {
    mountRootfs(rootfs, target);
    for (const bind of binds(target)) mount(bind.source, bind.target, null, MountFlag.BIND | MountFlag.REC);
    return {
      namespace: openSync("/proc/thread-self/ns/mnt", "r"),
      fd: openSync(target, O_PATH | constants.O_DIRECTORY),
    };
  });
  return handle(fd, namespace);
}

/** The root as a running process sees it, with everything mounted there. */
export function openProcessRoot(pid: number): MountedRoot {
  return openPath(processPath(pid, "/"));
}

/** A directory, kept open. */
export function openPath(path: string): MountedRoot {
  return handle(openSync(path, O_PATH | constants.O_DIRECTORY));
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
