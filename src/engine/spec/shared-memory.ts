import { mkdirSync } from "node:fs";
import { conflict } from "../../base/index.ts";
import { hasErrno, isMountPoint, MountFlag, mount, unmount } from "../../kernel/index.ts";
import type { Container } from "../containers/container.ts";
import { DEFAULT_SHM_BYTES } from "../defaults.ts";

/** Where the /dev/shm of a container with `--ipc shareable` is mounted on the host, for others to bind. */
function shmDir(container: Container): string {
  return container.path("shm");
}

/** Mounts it for the container's coming run; undefined when its shared memory is its own affair. */
export function mountSharedMemory(container: Container): string | undefined {
  if (container.record.hostConfig.IpcMode !== "shareable") return undefined;
  const dir = shmDir(container);
  unmountSharedMemory(container);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const size = container.record.hostConfig.ShmSize || DEFAULT_SHM_BYTES;
  const flags = MountFlag.NOSUID | MountFlag.NODEV | MountFlag.NOEXEC;
  mount("shm", dir, "tmpfs", flags, `mode=1777,size=${size}`);
  return dir;
}

/** Fine when there is nothing. Whoever joined keeps it until it ends. */
export function unmountSharedMemory(container: Container): void {
  if (container.record.hostConfig.IpcMode !== "shareable") return;
  try {
    unmount(shmDir(container), { detach: true });
  } catch (error) {
    if (!hasErrno(error, "EINVAL", "ENOENT")) throw error;
  }
}

/** The shared memory of a running container that another wants to join. */
export function joinableSharedMemory(owner: Container): string {
  if (owner.record.hostConfig.IpcMode === "host") return "/dev/shm";
  if (owner.record.hostConfig.IpcMode !== "shareable" || !isMountPoint(shmDir(owner))) {
    throw conflict(
      `can't join IPC of container ${owner.id}: non-shareable IPC (hint: use IpcMode:shareable for the donor container)`,
      { code: "Engine.NotShareable" },
    );
  }
  return shmDir(owner);
}
