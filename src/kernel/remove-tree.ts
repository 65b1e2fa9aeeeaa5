import { closeSync, constants, openSync } from "node:fs";
import { constants as osConstants } from "node:os";
import { basename, dirname } from "node:path";
import { errnoCode, GantryError, inTurns } from "../base/index.ts";
import { rmdirAt, unlinkAt } from "./at-calls.ts";
import { namesIn, openDirectoryAt, statAt } from "./entries-at.ts";
import { errnoError } from "./libc.ts";

const { EISDIR, ENOENT, ENOTDIR, ENOTEMPTY, EPERM } = osConstants.errno;
const MAX_DEPTH = 4096;
/** So often somebody may put something new into a directory that is about to be removed. */
const MAX_ATTEMPTS = 20;

/**
 * Removes what stands at `path` with everything below it; fine when there is nothing. Links are removed and never followed,
 * whoever changes the tree meanwhile, which Node's rm() does not promise. `path` itself must lie where nobody else writes.
 */
export async function removeTree(path: string): Promise<void> {
  let parent: number;
  try {
    parent = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    if (errnoCode(error) === "ENOENT") return;
    throw error;
  }
  try {
    const name = Buffer.from(basename(path));
    for (let attempt = 0; attempt < MAX_ATTEMPTS && statAt(parent, name); attempt++)
      for await (const _ of inTurns(removing(parent, name)));
    if (statAt(parent, name)) throw errnoError(ENOTEMPTY, "remove directory", { path });
  } finally {
    closeSync(parent);
  }
}

/** Removes a name in an open directory with everything below it, one step at a time. */
export function* removing(dirfd: number, name: Buffer, depth = 0): Generator<void> {
  const result = unlinkAt(dirfd, name);
  yield;
  if (result >= 0 || result === -ENOENT) return;
  if (result !== -EISDIR && result !== -EPERM) throw errnoError(-result, "remove", { name: String(name) });
  if (depth > MAX_DEPTH)
    throw new GantryError("ResourceExhausted", "a directory tree is too deep to be removed");
  const fd = openDirectoryAt(dirfd, name);
  if (fd !== undefined) {
    try {
      for (const child of namesIn(fd)) yield* removing(fd, child, depth + 1);
    } finally {
      closeSync(fd);
    }
  }
  const removed = rmdirAt(dirfd, name);
  if (removed >= 0 || removed === -ENOENT || removed === -ENOTEMPTY) return;
  // Something else stands there by now; or it was no directory before, but a file that may not be removed.
  if (removed === -ENOTDIR && result === -EISDIR) return;
  if (removed === -ENOTDIR) throw errnoError(-result, "remove", { name: String(name) });
  throw errnoError(-removed, "remove directory", { name: String(name) });
}
