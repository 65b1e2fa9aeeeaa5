import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  openSync,
} from "node:fs";
import { errnoCode, inTurns } from "../../../base/index.ts";
import { fdPath, namesIn, O_PATH, openDirectoryAt, pathAt } from "../../../kernel/index.ts";

const SETGID = 0o2000;

/**
 * Gives a volume to the pod's fsGroup: every file belongs to the group, which may do what the owner may, and new files
 * in its directories inherit the group. Containers that run already may change the tree meanwhile: links are never followed.
 */
export async function giveToGroup(
  dir: string,
  gid: number,
  options: { readOnly: boolean; onRootMismatchOnly: boolean },
): Promise<void> {
  const fd = openSync(dir, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    if (options.onRootMismatchOnly) {
      const root = fstatSync(fd);
      const bits = SETGID | (options.readOnly ? 0o550 : 0o770);
      if (root.gid === gid && (root.mode & bits) === bits) return;
    }
    for await (const _ of inTurns(giveDirectory(fd, gid, options.readOnly)));
  } finally {
    closeSync(fd);
  }
}

function* giveDirectory(fd: number, gid: number, readOnly: boolean): Generator<void> {
  for (const name of namesIn(fd)) yield* giveOne(fd, name, gid, readOnly);
  const { uid, mode } = fstatSync(fd);
  fchownSync(fd, uid, gid);
  fchmodSync(fd, (mode & 0o7777) | (readOnly ? 0o550 : 0o770) | SETGID);
}

function* giveOne(dirfd: number, name: Buffer, gid: number, readOnly: boolean): Generator<void> {
  const directory = openDirectoryAt(dirfd, name);
  const fd = directory ?? openEntry(dirfd, name);
  if (fd === undefined) return;
  yield;
  try {
    if (directory === undefined) giveFile(fd, gid, readOnly);
    else yield* giveDirectory(directory, gid, readOnly);
  } finally {
    closeSync(fd);
  }
}

/** What stands at the name, a link itself; undefined when it is gone. */
function openEntry(dirfd: number, name: Buffer): number | undefined {
  try {
    return openSync(pathAt(dirfd, name), O_PATH | constants.O_NOFOLLOW);
  } catch (error) {
    if (errnoCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function giveFile(fd: number, gid: number, readOnly: boolean): void {
  const info = fstatSync(fd);
  if (info.gid !== gid) chownSync(fdPath(fd), info.uid, gid);
  if (!info.isSymbolicLink()) chmodSync(fdPath(fd), (info.mode & 0o7777) | (readOnly ? 0o440 : 0o660));
}
