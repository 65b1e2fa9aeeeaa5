import { linkSync, lstatSync, readlinkSync, type Stats, statSync } from "node:fs";
import { posix } from "node:path";
import { errnoCode, FairTurn, invalidArgument } from "../../base/index.ts";
import { fdPath, getXattr, listXattrs, resolveInRoot, setXattr } from "../../kernel/index.ts";
import { copyContent } from "../file-content.ts";
import { type NodeAttributes, type Ownership, TreeWriter } from "../tree-writer.ts";
import { specialFile, walkTree } from "../walk-tree.ts";
import type { Selected } from "./copy-selection.ts";
import type { PathFilter } from "./path-filter.ts";
import { applyMode } from "./symbolic-mode.ts";

export interface CopySettings {
  /** Absolute; a slash or `/.` at its end says that it is a directory. */
  destination: string;
  /** A directory's content is copied instead of the directory. */
  copiesContents: boolean;
  /** Of everything copied and of directories made on the way; absent: as the source. */
  owner: Ownership | undefined;
  /** Octal digits or symbols; absent: as the source. */
  mode: string | undefined;
  /** Of everything; absent: as the source. */
  mtimeMs: number | undefined;
  filter: PathFilter | undefined;
  /** What stands in the way goes, whatever kind it is of. */
  replaces: boolean;
  /** Contents may be shared with the source by links: nobody changes either. */
  mayLink: boolean;
  /** Then the number of a file's names says nothing of the source: inodes that have several there. */
  hardLinked?: ReadonlySet<string> | undefined;
  signal: AbortSignal;
}

/**
 * Copies into a root as BuildKit's file operation does (tonistiigi/fsutil, copy): directories are merged, files replaced, a directory
 * that was there keeps its attributes where it is the destination itself. Nothing is written outside of the root.
 */
export async function copySelected(rootFd: number, one: Selected, settings: CopySettings): Promise<void> {
  const writer = new TreeWriter(rootFd, settings.owner);
  try {
    await new Copier(rootFd, writer, settings).copy(one);
  } finally {
    writer.close();
  }
}

class Copier {
  readonly #root: string;
  readonly #writer: TreeWriter;
  readonly #settings: CopySettings;
  readonly #firstNames = new Map<string, string>();
  readonly #linked = new Set<string>();

  constructor(rootFd: number, writer: TreeWriter, settings: CopySettings) {
    this.#root = fdPath(rootFd);
    this.#writer = writer;
    this.#settings = settings;
  }

  async copy(one: Selected): Promise<void> {
    const { destination } = this.#settings;
    const isNamedDirectory = /\/\.?$/.test(destination);
    this.#makeDirectory(this.#resolve(isNamedDirectory ? destination : posix.dirname(destination)));
    let target = this.#resolve(destination);
    const there = this.#stat(target);
    const isDirectory = one.stat.isDirectory();
    const goesInto = isDirectory ? !this.#settings.copiesContents && there : there?.isDirectory();
    if (goesInto) target = this.#resolve(posix.join("/", target, nameOf(one.path)), false);
    if (!isDirectory) return this.#copyFile(target, one.stat, fdPath(one.fd), one.linkTarget);
    await this.#copyTree(one, target);
  }

  async #copyTree(one: Selected, target: string): Promise<void> {
    const { filter, signal } = this.#settings;
    const turn = new FairTurn(signal);
    const existed = this.#lstat(target);
    this.#prepareDirectory(target, existed);
    if (!existed) this.#writer.directoryEntry(target || ".", this.#attributesOf(one.stat));
    const made: { path: string; stat: Stats }[] = existed ? [] : [{ path: target, stat: one.stat }];
    const pending: { path: string; target: string; stat: Stats }[] = [];
    for (const { path, at, stat } of walkTree(fdPath(one.fd))) {
      signal.throwIfAborted();
      await turn.pause();
      const to = posix.join(target, path);
      while (pending.length > 0 && !path.startsWith(`${pending.at(-1)!.path}/`)) pending.pop();
      if (filter && !filter.takes(path)) {
        // Made only when something below it is taken.
        if (stat.isDirectory()) pending.push({ path, target: to, stat });
        continue;
      }
      for (const parent of pending.splice(0)) {
        if (!this.#lstat(parent.target)) made.push({ path: parent.target, stat: parent.stat });
        this.#copyDirectory(parent.target, parent.stat);
      }
      if (!stat.isDirectory()) await this.#copyFile(to, stat, at, undefined);
      else {
        this.#copyDirectory(to, stat);
        copyXattrs(at, this.#writer.entryPath(to));
        made.push({ path: to, stat });
      }
    }
    // Writing into a directory changed its time.
    for (const { path, stat } of made.reverse()) {
      if (path !== "") this.#writer.directoryEntry(path, this.#attributesOf(stat));
    }
  }

  #copyDirectory(path: string, stat: Stats): void {
    this.#prepareDirectory(path, this.#lstat(path));
    this.#writer.directoryEntry(path, this.#attributesOf(stat));
  }

  #prepareDirectory(path: string, there: Stats | undefined): void {
    if (!there || there.isDirectory() || this.#settings.replaces) return;
    throw invalidArgument(`cannot copy to non-directory: /${path}`, { code: "Build.NotDirectory" });
  }

  /** `at` is a path for calls that do not follow its end, or a descriptor's. */
  async #copyFile(path: string, stat: Stats, at: string, linkTarget: string | undefined): Promise<void> {
    if (this.#lstat(path)?.isDirectory() && !this.#settings.replaces)
      throw invalidArgument(`cannot replace to directory /${path} with file`, { code: "Build.IsDirectory" });
    const attributes = this.#attributesOf(stat);
    if (stat.isSymbolicLink()) return this.#writer.symlink(path, linkTarget ?? readlinkSync(at), attributes);
    if (!stat.isFile()) throw specialFile(at);
    const inode = `${stat.dev}:${stat.ino}`;
    const { mayLink, hardLinked } = this.#settings;
    const isHardLink = mayLink ? hardLinked?.has(inode) : stat.nlink > 1;
    const first = isHardLink ? this.#firstNames.get(inode) : undefined;
    if (first !== undefined) return this.#writer.hardlink(path, first);
    this.#firstNames.set(inode, path);
    if (this.#mayLink(stat, attributes, inode) && this.#link(path, at)) return;
    await this.#writer.file(path, attributes, (to) => copyContent(at, to, stat.size));
    copyXattrs(at, this.#writer.entryPath(path));
  }

  /** A link shares everything: it will do where nothing of the copy differs, once a file, so that copies are not links of each other. */
  #mayLink(stat: Stats, attributes: NodeAttributes, inode: string): boolean {
    return (
      this.#settings.mayLink &&
      !this.#linked.has(inode) &&
      attributes.uid === stat.uid &&
      attributes.gid === stat.gid &&
      (attributes.mode & 0o7777) === (stat.mode & 0o7777) &&
      attributes.mtimeMs === stat.mtimeMs
    );
  }

  #link(path: string, at: string): boolean {
    const to = this.#writer.vacantPath(path);
    try {
      linkSync(at, to);
    } catch (error) {
      // Another file system, or too many links.
      if (["EXDEV", "EMLINK", "EPERM"].includes(errnoCode(error) ?? "")) return false;
      throw error;
    }
    const { dev, ino } = lstatSync(to);
    this.#linked.add(`${dev}:${ino}`);
    return true;
  }

  /** Directories on the way are the owner's, with the mode that everything gets. */
  #makeDirectory(path: string): void {
    const { mode, mtimeMs, owner } = this.#settings;
    const missing: string[] = [];
    for (let at = path; at !== "" && !this.#stat(at); at = posix.dirname(at) === "." ? "" : posix.dirname(at))
      missing.push(at);
    this.#writer.directory(path === "" ? "." : path);
    for (const one of missing) {
      const stat = this.#lstat(one)!;
      this.#writer.directoryEntry(one, {
        uid: owner?.uid ?? stat.uid,
        gid: owner?.gid ?? stat.gid,
        mode: mode === undefined ? stat.mode : applyMode(mode, 0o755, true),
        mtimeMs: mtimeMs ?? stat.mtimeMs,
      });
    }
  }

  #attributesOf(stat: Stats): NodeAttributes {
    const { owner, mode, mtimeMs } = this.#settings;
    return {
      uid: owner?.uid ?? stat.uid,
      gid: owner?.gid ?? stat.gid,
      mode: mode === undefined ? stat.mode : applyMode(mode, stat.mode, stat.isDirectory()),
      mtimeMs: mtimeMs ?? stat.mtimeMs,
    };
  }

  /** Relative to the root, links followed inside of it. Nobody else changes this root, so a resolved text stays true. */
  #resolve(path: string, followLast = true): string {
    const resolved = resolveInRoot(this.#root, path, { followLast });
    return resolved === this.#root ? "" : resolved.slice(this.#root.length + 1);
  }

  #stat(path: string): Stats | undefined {
    return statSync(`${this.#root}/${path}`, { throwIfNoEntry: false });
  }

  #lstat(path: string): Stats | undefined {
    return lstatSync(`${this.#root}/${path}`, { throwIfNoEntry: false });
  }
}

function nameOf(path: string): string {
  return posix.basename(path.replace(/\/\.?$/, ""));
}

/** What the file system lets it have: as with `cp -a`, attributes that cannot be set are left out. */
export function copyXattrs(from: string, to: string): void {
  for (const name of listXattrs(from)) {
    const value = name.startsWith("trusted.overlay.") ? undefined : getXattr(from, name);
    if (value) trySetXattr(to, name, value);
  }
}

function trySetXattr(to: string, name: string, value: Buffer): void {
  try {
    setXattr(to, name, value);
  } catch {
    // See above.
  }
}
