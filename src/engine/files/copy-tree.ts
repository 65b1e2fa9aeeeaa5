import type { Stats } from "node:fs";
import {
  chmod,
  copyFile,
  lchown,
  link,
  lstat,
  lutimes,
  mkdir,
  readdir,
  readlink,
  symlink,
  utimes,
} from "node:fs/promises";
import { join } from "node:path";

/**
 * Copies what a directory holds, and its own owner and mode, into an existing one: links as links, with owners, modes and
 * times. Sockets, fifos and devices are left out. Neither tree may be written to meanwhile.
 */
export async function copyTree(source: string, target: string): Promise<void> {
  await copyDirectory(source, target, await lstat(source), new Map());
}

type HardLinks = Map<string, string>;

async function copyDirectory(source: string, target: string, stat: Stats, links: HardLinks): Promise<void> {
  for (const name of await readdir(source)) {
    const from = join(source, name);
    await copyEntry(from, join(target, name), await lstat(from), links);
  }
  await copyOwnership(target, stat);
  await utimes(target, stat.atime, stat.mtime);
}

async function copyEntry(from: string, to: string, stat: Stats, links: HardLinks): Promise<void> {
  if (stat.isDirectory()) {
    await mkdir(to, { mode: 0o700 });
    await copyDirectory(from, to, stat, links);
  } else if (stat.isSymbolicLink()) {
    await symlink(await readlink(from), to);
    await lchown(to, stat.uid, stat.gid);
    await lutimes(to, stat.atime, stat.mtime);
  } else if (stat.isFile()) {
    await copyRegularFile(from, to, stat, links);
  }
}

async function copyRegularFile(from: string, to: string, stat: Stats, links: HardLinks): Promise<void> {
  const key = `${stat.dev}:${stat.ino}`;
  const earlier = stat.nlink > 1 ? links.get(key) : undefined;
  if (earlier) {
    await link(earlier, to);
    return;
  }
  await copyFile(from, to);
  await copyOwnership(to, stat);
  await utimes(to, stat.atime, stat.mtime);
  if (stat.nlink > 1) links.set(key, to);
}

/** Owner first: changing it takes set-uid bits away. */
export async function copyOwnership(target: string, stat: Stats): Promise<void> {
  await lchown(target, stat.uid, stat.gid);
  await chmod(target, stat.mode & 0o7777);
}
