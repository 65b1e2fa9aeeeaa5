import { MountFlag, mount, mountOverlay } from "../kernel/index.ts";
import type { RootfsSource } from "./types.ts";

/** Mounts a container's root at `target`; called inside a private mount namespace. */
export function mountRootfs(rootfs: RootfsSource, target: string): void {
  if (rootfs.type === "bind") {
    mount(rootfs.upperDir ?? rootfs.lowerDirs[0]!, target, null, MountFlag.BIND | MountFlag.REC);
    return;
  }
  mountOverlay({
    lowerDirs: rootfs.lowerDirs,
    upperDir: rootfs.upperDir,
    workDir: rootfs.workDir,
    target,
  });
}
