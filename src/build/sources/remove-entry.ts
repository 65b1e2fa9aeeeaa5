import { closeSync, constants, rmSync } from "node:fs";
import { posix } from "node:path";
import { fdPath, hasErrno, openAtRoot } from "../../kernel/index.ts";

/** Removes what stands at a path below a root, a link at its end itself, with all below it. Fine when there is nothing. */
export function removeTreeAt(rootFd: number, path: string): void {
  let parent: number;
  try {
    parent = openAtRoot(rootFd, posix.dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR")) return;
    throw error;
  }
  try {
    rmSync(`${fdPath(parent)}/${posix.basename(path)}`, { recursive: true, force: true });
  } finally {
    closeSync(parent);
  }
}
