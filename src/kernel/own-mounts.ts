import { relative, resolve } from "node:path";
import { hasErrno } from "./libc.ts";
import { listMounts, type MountInfo, unmount } from "./mount.ts";

/**
 * Detaches what `ensureSharedMount(dir)` has mounted on `dir`, and all that is mounted below one of `areas`, which are ours alone. What
 * somebody else has mounted on `dir` or in it stays. Returns the directories on which that is, outermost first.
 */
export function unmountOwn(dir: string, areas: readonly string[]): string[] {
  for (const { mountPoint } of ownMounts(dir, areas).reverse()) {
    try {
      unmount(mountPoint, { detach: true });
    } catch (error) {
      // Gone already: with a mount above it, or by propagation.
      if (!hasErrno(error, "EINVAL", "ENOENT")) throw error;
    }
  }
  return [...new Set(listMounts().map(({ mountPoint }) => mountPoint))]
    .filter((mountPoint) => mountPoint === dir || isBelow(mountPoint, dir))
    .sort();
}

/** In the order of mounting. */
function ownMounts(dir: string, areas: readonly string[]): MountInfo[] {
  const all = listMounts();
  const own = new Set<number>();
  return all.filter((entry) => {
    const isOwn =
      areas.some((area) => isBelow(entry.mountPoint, area)) ||
      (entry.mountPoint === dir && isBoundOnItself(entry, all)) ||
      // What was there before is shown again in a recursive bind.
      (isBelow(entry.mountPoint, dir) && own.has(entry.parentId));
    if (isOwn) own.add(entry.id);
    return isOwn;
  });
}

/** It shows the very directory that it hides. */
function isBoundOnItself(
  { parentId, device, root, mountPoint }: MountInfo,
  all: readonly MountInfo[],
): boolean {
  const parent = all.find(({ id }) => id === parentId);
  if (!parent || parent.device !== device) return false;
  return root === resolve("/", parent.root, relative(parent.mountPoint, mountPoint));
}

function isBelow(path: string, dir: string): boolean {
  return path.startsWith(dir.endsWith("/") ? dir : `${dir}/`);
}
