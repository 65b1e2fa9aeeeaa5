import { closeSync, constants, fchmodSync, fchownSync, fstatSync, type Stats } from "node:fs";
import { copyFile } from "node:fs/promises";
import { FairTurn, GantryError } from "../../base/index.ts";
import {
  chownAt,
  type FileName,
  fdPath,
  hasErrno,
  namesIn,
  openDirectoryAt,
  openFileAt,
  RootedTree,
  readLinkAt,
  setModifiedAt,
  setTimes,
  statAt,
} from "../../kernel/index.ts";

interface Copying {
  target: RootedTree;
  /** Where the first copy of a file with several names lies, by device and inode. */
  links: Map<string, FileName[]>;
  turn: FairTurn;
}

/**
 * Copies what an open directory holds, and its own owner and mode, into an existing one: links as links, with owners, modes
 * and times. Sockets, fifos and devices are left out. Somebody may write to the target meanwhile (a container has the volume
 * already): nothing outside of it is touched, and what stands at a name is left as it is.
 */
export async function copyTree(sourceFd: number, target: string): Promise<void> {
  const tree = new RootedTree(target);
  try {
    const copying = { target: tree, links: new Map(), turn: new FairTurn() };
    await copyContent(copying, sourceFd, tree.rootFd, []);
    copyLook(sourceFd, tree.rootFd);
  } finally {
    tree.close();
  }
}

async function copyContent(copying: Copying, from: number, to: number, way: FileName[]): Promise<void> {
  for (const name of namesIn(from)) {
    await copying.turn.pause();
    const stat = statAt(from, name);
    if (stat?.isDirectory()) await copyDirectory(copying, from, to, [...way, name]);
    else if (stat?.isSymbolicLink()) copySymlink(copying, from, to, name, stat);
    else if (stat?.isFile()) await copyRegularFile(copying, from, to, [...way, name], stat);
  }
}

async function copyDirectory(copying: Copying, from: number, to: number, way: FileName[]): Promise<void> {
  const name = way.at(-1)!;
  const source = openDirectoryAt(from, name);
  if (source === undefined) return;
  try {
    const directory = vanishing(() => copying.target.makeDirectory(to, name, 0o700));
    if (!directory) return;
    try {
      await copyContent(copying, source, directory.fd, way);
      if (directory.made) copyLook(source, directory.fd);
    } finally {
      closeSync(directory.fd);
    }
  } finally {
    closeSync(source);
  }
}

function copySymlink(copying: Copying, from: number, to: number, name: FileName, stat: Stats): void {
  const target = readLinkAt(from, name);
  if (target === undefined || !vanishing(() => copying.target.symlink(to, name, target))) return;
  // Of whatever stands there by now; a link is not followed.
  chownAt(to, name, stat.uid, stat.gid);
  setModifiedAt(to, name, ...modifiedOf(stat));
}

async function copyRegularFile(
  copying: Copying,
  from: number,
  to: number,
  way: FileName[],
  stat: Stats,
): Promise<void> {
  const name = way.at(-1)!;
  const key = `${stat.dev}:${stat.ino}`;
  const first = stat.nlink > 1 ? copying.links.get(key) : undefined;
  if (first && linkTo(copying.target, first, to, name)) return;
  const source = openFileAt(from, name);
  if (source === undefined) return;
  try {
    const fd = vanishing(() => copying.target.createFile(to, name));
    if (fd === undefined) return;
    try {
      await copyFile(fdPath(source), fdPath(fd), constants.COPYFILE_FICLONE);
      copyLook(source, fd);
    } finally {
      closeSync(fd);
    }
  } finally {
    closeSync(source);
  }
  if (stat.nlink > 1 && !first) copying.links.set(key, way);
}

/** False when the first name is gone: the file is copied anew. */
function linkTo(target: RootedTree, first: FileName[], to: number, name: FileName): boolean {
  try {
    target.link(target.directory(first.slice(0, -1)), first.at(-1)!, to, name);
    return true;
  } catch (error) {
    if (error instanceof GantryError) return false;
    throw error;
  }
}

/** Undefined when the directory that was just made was removed by somebody. */
function vanishing<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** Owner first: changing it takes set-uid bits away. */
function copyLook(from: number, to: number): void {
  const stat = fstatSync(from);
  fchownSync(to, stat.uid, stat.gid);
  fchmodSync(to, stat.mode & 0o7777);
  setTimes(to, ...modifiedOf(stat));
}

function modifiedOf({ mtimeMs }: Stats): [seconds: number, nanoseconds: number] {
  const seconds = Math.floor(mtimeMs / 1000);
  return [seconds, Math.floor((mtimeMs - seconds * 1000) * 1e6)];
}
