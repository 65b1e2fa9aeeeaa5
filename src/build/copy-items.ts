import { readlinkSync, statSync } from "node:fs";
import { posix } from "node:path";
import { FairTurn } from "../base/index.ts";
import { fdPath, resolveInRoot } from "../kernel/index.ts";
import { isArchive, unpackArchive } from "./archive-file.ts";
import { copyContent } from "./file-content.ts";
import { type SourceItem, specialFile, type TreeEntry, walkTree } from "./source-tree.ts";
import { type Ownership, TreeWriter } from "./tree-writer.ts";

export interface CopyOptions {
  /** Absolute; a slash at the end says that it is a directory. */
  destination: string;
  /** New owner of everything; absent: owners are kept. */
  owner?: Ownership;
  /** New owner of what archives hold; absent: as they say. */
  archiveOwner?: Ownership;
  /** Permission bits for everything; absent: bits are kept. */
  mode?: number;
  /** Unpack local archives (ADD). */
  unpackArchives: boolean;
  limits: { limitBytes: number; limitEntries: number };
  signal: AbortSignal;
}

/** Copies items into a root file system by the rules of COPY and ADD. Nothing is written outside of the root. */
export async function copyItems(
  rootFd: number,
  items: readonly SourceItem[],
  options: CopyOptions,
): Promise<void> {
  const writer = new TreeWriter(rootFd, options.owner);
  try {
    for (const item of items) await copyItem(rootFd, writer, item, options);
  } finally {
    writer.close();
  }
}

async function copyItem(
  rootFd: number,
  writer: TreeWriter,
  item: SourceItem,
  options: CopyOptions,
): Promise<void> {
  const root = fdPath(rootFd);
  // Nobody else changes this root during the step, so a resolved text stays true.
  const target = relativeTo(root, resolveInRoot(root, options.destination));
  if (item.stat.isDirectory()) {
    writer.directory(target === "" ? "." : target);
    return copyTree(writer, item, target, options);
  }
  const file = { at: fdPath(item.fd), path: item.path, stat: item.stat };
  if (options.unpackArchives && !item.isDownload && (await isArchive(file))) {
    const { limits, signal, archiveOwner: owner } = options;
    return unpackArchive(file, writer, target, { ...limits, signal, owner });
  }
  const intoDirectory = options.destination.endsWith("/") || isDirectory(root, target);
  const path = intoDirectory ? relativeTo(root, resolveInRoot(root, posix.join(target, item.name))) : target;
  if (!item.stat.isFile()) throw specialFile(item.path);
  await writer.file(path, attributesOf(item.stat, options), (at) =>
    copyContent(fdPath(item.fd), at, item.stat.size),
  );
}

async function copyTree(
  writer: TreeWriter,
  item: SourceItem,
  target: string,
  options: CopyOptions,
): Promise<void> {
  const turn = new FairTurn();
  const firstNames = new Map<string, string>();
  const directories: { path: string; entry: TreeEntry }[] = [];
  for (const entry of walkTree(fdPath(item.fd))) {
    options.signal.throwIfAborted();
    await turn.pause();
    const path = posix.join(target, entry.path);
    if (entry.stat.isDirectory()) directories.push({ path, entry });
    await copyEntry(writer, entry, path, firstNames, options);
  }
  // Writing into a directory changed its time.
  for (const { path, entry } of directories.reverse()) {
    writer.directoryEntry(path, attributesOf(entry.stat, options));
  }
}

async function copyEntry(
  writer: TreeWriter,
  entry: TreeEntry,
  path: string,
  firstNames: Map<string, string>,
  options: CopyOptions,
): Promise<void> {
  const { stat, at } = entry;
  const attributes = attributesOf(stat, options);
  if (stat.isDirectory()) return writer.directoryEntry(path, attributes);
  if (stat.isSymbolicLink()) return writer.symlink(path, readlinkSync(at), attributes);
  if (!stat.isFile()) throw specialFile(at);
  if (stat.nlink > 1) {
    const inode = `${stat.dev}:${stat.ino}`;
    const first = firstNames.get(inode);
    if (first !== undefined) return writer.hardlink(path, first);
    firstNames.set(inode, path);
  }
  await writer.file(path, attributes, (to) => copyContent(at, to, stat.size));
}

function attributesOf(
  stat: { uid: number; gid: number; mode: number; mtimeMs: number },
  options: CopyOptions,
) {
  return {
    uid: options.owner?.uid ?? stat.uid,
    gid: options.owner?.gid ?? stat.gid,
    mode: options.mode ?? stat.mode,
    mtimeMs: stat.mtimeMs,
  };
}

function isDirectory(root: string, path: string): boolean {
  return statSync(`${root}/${path}`, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function relativeTo(root: string, path: string): string {
  return path === root ? "" : path.slice(root.length + 1);
}
