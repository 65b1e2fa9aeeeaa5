import { lstat, mkdir } from "node:fs/promises";
import type { RootfsMount } from "../../images/types.ts";
import { resolveInRoot } from "../../kernel/index.ts";
import { openMountedRoot } from "../../runtime/index.ts";
import type { Container } from "../containers/container.ts";
import type { EngineContext } from "../context.ts";
import { copyTree } from "../files/copy-tree.ts";

/**
 * Fills the container's new, empty volumes with what the image has at their places (and gives them its owner and mode).
 * The container does not run yet: nobody changes the tree, so that a path resolved inside the root stays true.
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
    for (const mount of empty) {
      const source = resolveInRoot(root.path, mount.Destination);
      if (await isDirectory(source)) await copyTree(source, context.volumes.dataDir(mount.Name!));
    }
  } finally {
    root.close();
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isDirectory();
  } catch {
    return false;
  }
}
