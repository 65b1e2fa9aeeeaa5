import { closeSync, constants } from "node:fs";
import { mkdir } from "node:fs/promises";
import type { RootfsMount } from "../../images/types.ts";
import { hasErrno, openAtRoot } from "../../kernel/index.ts";
import { type MountedRoot, openMountedRoot } from "../../runtime/index.ts";
import type { Container } from "../containers/container.ts";
import type { EngineContext } from "../context.ts";
import { copyTree } from "../files/copy-tree.ts";

/**
 * Fills the container's new, empty volumes with what the image has at their places (and gives them its owner and mode).
 * Other containers may have a volume already, and write to it meanwhile.
 */
export async function copyUpVolumes(
  context: EngineContext,
  container: Container,
  rootfs: RootfsMount,
): Promise<void> {
  const candidates = container.record.mounts.filter((mount) => mount.Type === "volume" && mount.copyUp);
  const empty = [];
  for (const mount of candidates) if (await context.volumes.isEmpty(mount.Name!)) empty.push(mount);
  if (empty.length === 0) return;
  await mkdir(container.path("rootfs"), { recursive: true, mode: 0o711 });
  const root = openMountedRoot(rootfs, container.path("rootfs"));
  try {
    for (const mount of empty) await copyFrom(root, mount.Destination, context.volumes.dataDir(mount.Name!));
  } finally {
    root.close();
  }
}

async function copyFrom(root: MountedRoot, path: string, target: string): Promise<void> {
  const source = openDirectory(root, path);
  if (source === undefined) return;
  try {
    await copyTree(source, target);
  } finally {
    closeSync(source);
  }
}

function openDirectory(root: MountedRoot, path: string): number | undefined {
  try {
    return openAtRoot(root.fd, path, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR", "ELOOP")) return undefined;
    throw error;
  }
}
