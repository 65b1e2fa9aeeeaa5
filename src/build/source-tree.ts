import { createHash } from "node:crypto";
import { closeSync, type Dirent, fstatSync, lstatSync, readdirSync, readlinkSync, type Stats } from "node:fs";
import { basename } from "node:path";
import { FairTurn, GantryError, invalidArgument, notImplemented } from "../base/index.ts";
import { compileGlob, hasWildcards } from "../formats/index.ts";
import { fdPath, hasErrno, O_PATH, openAtRoot } from "../kernel/index.ts";
import { contentDigest } from "./file-content.ts";

/** Where COPY and ADD take files from: the context, another stage's or image's root, a download. */
export interface SourceTree {
  rootFd: number;
  isContext: boolean;
  /** SHA-256 of a file's content where it is known already. */
  knownDigest?(path: string): string | undefined;
}

/** One thing to copy: a file, or a directory whose content is copied. Links in the given path were followed. */
export interface SourceItem {
  /** Last name of the path as given: what a file is called in the destination. */
  name: string;
  path: string;
  fd: number;
  stat: Stats;
  /** A download is never unpacked. */
  isDownload?: boolean;
  close(): void;
}

/** A member of a directory that is copied. */
export interface TreeEntry {
  /** Relative to the directory. */
  path: string;
  /** For file calls that must not follow a link at the end. */
  at: string;
  stat: Stats;
}

/** Finds what the sources of a COPY or ADD name. The caller closes the items. */
export function resolveSources(
  tree: SourceTree,
  sources: readonly string[],
  instruction: "COPY" | "ADD",
): SourceItem[] {
  const items: SourceItem[] = [];
  try {
    for (const source of sources) {
      for (const path of expandSource(tree, source, instruction))
        items.push(openItem(tree, path, instruction));
    }
  } catch (error) {
    for (const item of items) item.close();
    throw error;
  }
  return items;
}

function expandSource(tree: SourceTree, source: string, instruction: string): string[] {
  const path = insidePath(source, instruction);
  if (!hasWildcards(path)) return [path];
  const matches = expandWildcards(tree, path);
  if (matches.length === 0) throw invalidArgument(`${instruction} failed: no source files were specified`);
  return matches;
}

/** Paths start at the tree's root; one that climbs above it is refused rather than bent. */
function insidePath(source: string, instruction: string): string {
  const parts: string[] = [];
  for (const part of source.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) {
      throw invalidArgument(`${instruction} failed: forbidden path outside the build context: ${source} ()`, {
        code: "Build.OutsideContext",
      });
    }
  }
  return parts.join("/");
}

function expandWildcards(tree: SourceTree, pattern: string): string[] {
  let found = [""];
  for (const part of pattern.split("/")) {
    const glob = hasWildcards(part) ? compileGlob(part) : undefined;
    found = found.flatMap((directory) => {
      const join = (name: string) => (directory === "" ? name : `${directory}/${name}`);
      const names = glob
        ? list(tree, directory).filter((name) => glob.matches(name))
        : [part.replace(/\\(.)/g, "$1")];
      return names.map(join);
    });
  }
  return found.filter((path) => exists(tree, path));
}

function list(tree: SourceTree, directory: string): string[] {
  const fd = openOrUndefined(tree, directory);
  if (fd === undefined) return [];
  try {
    return fstatSync(fd).isDirectory() ? readdirSync(fdPath(fd)).sort() : [];
  } finally {
    closeSync(fd);
  }
}

function exists(tree: SourceTree, path: string): boolean {
  const fd = openOrUndefined(tree, path);
  if (fd !== undefined) closeSync(fd);
  return fd !== undefined;
}

function openOrUndefined(tree: SourceTree, path: string): number | undefined {
  try {
    return openAtRoot(tree.rootFd, path || ".", O_PATH);
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR", "ELOOP")) return undefined;
    throw error;
  }
}

function openItem(tree: SourceTree, path: string, instruction: string): SourceItem {
  const fd = openOrUndefined(tree, path);
  if (fd === undefined) {
    const reason = `stat ${path}: file does not exist`;
    throw new GantryError(
      "InvalidArgument",
      tree.isContext
        ? `${instruction} failed: file not found in build context or excluded by .dockerignore: ${reason}`
        : `${instruction} failed: ${reason}`,
      { code: "Build.SourceMissing", details: { path } },
    );
  }
  return { name: basename(path), path, fd, stat: fstatSync(fd), close: () => closeSync(fd) };
}

/** Everything below a directory, parents first, names in order. Links are not followed. */
export function* walkTree(directory: string, prefix = ""): Generator<TreeEntry> {
  const names = readdirSync(directory, { withFileTypes: true }).sort(byName);
  for (const { name } of names) {
    const at = `${directory}/${name}`;
    const path = prefix === "" ? name : `${prefix}/${name}`;
    const stat = lstatSync(at);
    yield { path, at, stat };
    if (stat.isDirectory()) yield* walkTree(at, path);
  }
}

function byName(a: Dirent, b: Dirent): number {
  return a.name < b.name ? -1 : 1;
}

/**
 * A digest of all that a copy of this item depends on: names, kinds, permission bits, link targets, contents, and owners
 * where they are kept. Times are left out, because they differ between two checkouts of the same files.
 */
export async function digestItem(
  tree: SourceTree,
  item: SourceItem,
  options: { withOwner: boolean; signal: AbortSignal },
): Promise<string> {
  const hash = createHash("sha256");
  const turn = new FairTurn();
  const add = async (path: string, at: string, stat: Stats, known: string | undefined): Promise<void> => {
    options.signal.throwIfAborted();
    await turn.pause();
    const owner = options.withOwner ? [stat.uid, stat.gid] : [];
    const content = await contentOf(at, stat, known);
    hash.update(`${JSON.stringify([path, stat.mode, ...owner, content])}\n`);
  };
  const base = fdPath(item.fd);
  if (!item.stat.isDirectory()) {
    await add(item.name, base, item.stat, tree.knownDigest?.(item.path));
    return `file:${hash.digest("hex")}`;
  }
  for (const entry of walkTree(base)) {
    const inTree = item.path === "" ? entry.path : `${item.path}/${entry.path}`;
    await add(entry.path, entry.at, entry.stat, tree.knownDigest?.(inTree));
  }
  return `dir:${hash.digest("hex")}`;
}

async function contentOf(at: string, stat: Stats, known: string | undefined): Promise<string> {
  if (stat.isFile()) return known ?? (await contentDigest(at, stat.size));
  if (stat.isSymbolicLink()) return readlinkSync(at);
  if (stat.isDirectory()) return "";
  throw specialFile(at);
}

export function specialFile(path: string): GantryError {
  return notImplemented(`copying a device, pipe or socket is not supported: ${basename(path)}`, {
    code: "Build.SpecialFile",
  });
}
