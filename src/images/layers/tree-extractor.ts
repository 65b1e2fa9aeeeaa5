import { closeSync, fchmodSync, fchownSync, type Stats, writeSync } from "node:fs";
import { GantryError, invalidArgument } from "../../base/index.ts";
import { storageError } from "../../content/index.ts";
import { cleanTarPath, type TarEntry, type TarHandler } from "../../formats/index.ts";
import {
  chmodAt,
  chownAt,
  hasErrno,
  pathAt,
  RootedTree,
  setModifiedAt,
  setTimes,
  setXattr,
  type XattrTarget,
} from "../../kernel/index.ts";
import {
  AUFS_METADATA_PREFIX,
  fileName,
  isPortableXattr,
  OPAQUE_WHITEOUT,
  OPAQUE_XATTR,
  S_IFBLK,
  S_IFCHR,
  S_IFIFO,
  WHITEOUT_PREFIX,
} from "./layer-names.ts";

export interface ExtractOptions {
  /**
   * `overlay`: the archive is a layer, its whiteouts become those of overlayfs. `ordinary` (default): names that look like
   * whiteouts mean nothing.
   */
  whiteouts?: "overlay" | "ordinary";
  /** Directory inside the root below which everything is put; it has to exist. */
  into?: string;
  /** Instead of the archive's owners. */
  owner?: { uid: number; gid: number };
  /** Refuse to put a file in a directory's place and the other way round (`docker cp`). */
  noOverwriteDirNonDir?: boolean;
  /** ResourceExhausted (`Layer.TooManyEntries`) beyond. */
  maxEntries?: number;
  /** Called once for each extended attribute that the file system does not take. */
  onSkippedXattr?: (path: string, attribute: string) => void;
}

const MAX_ID = 2 ** 32 - 2;
const MAX_NAME_BYTES = 255;

interface DirectoryTimes {
  path: string;
  seconds: number;
  nanoseconds: number;
}

/**
 * Writes an archive's members below a root. Names and links in the archive, and whoever else writes to the tree meanwhile,
 * never lead outside of it: absolute names and `..` are taken from the root, and links on the way are followed inside it,
 * as for a process that has it for its root directory. A member replaces what stands in its place, except a directory
 * that meets a directory.
 */
export class TreeExtractor implements TarHandler {
  readonly #tree: RootedTree;
  readonly #options: ExtractOptions;
  readonly #into: string[];
  readonly #directoryTimes: DirectoryTimes[] = [];
  #entries = 0;
  #contentBytes = 0;
  #open: { fd: number; entry: TarEntry } | undefined;

  constructor(root: string, options: ExtractOptions = {}) {
    this.#tree = new RootedTree(root);
    this.#options = options;
    this.#into = cleanTarPath(options.into ?? "");
  }

  /** Members seen, and bytes of the files among them. */
  get totals(): { entries: number; contentBytes: number } {
    return { entries: this.#entries, contentBytes: this.#contentBytes };
  }

  entry(entry: TarEntry): void {
    const { maxEntries = Number.POSITIVE_INFINITY, owner } = this.#options;
    if (++this.#entries > maxEntries) {
      throw new GantryError("ResourceExhausted", `the archive holds more than ${maxEntries} files`, {
        code: "Layer.TooManyEntries",
      });
    }
    assertIds(entry);
    this.#contentBytes += entry.sizeBytes;
    const components = [...this.#into, ...cleanTarPath(entry.name)];
    assertNames(entry, components);
    const placed = owner ? { ...entry, ...owner } : entry;
    try {
      if (components.length === this.#into.length) this.#root(components, placed);
      else if (!this.#whiteout(components)) this.#place(components, placed);
    } catch (error) {
      throw entryError(error, entry);
    }
  }

  data(bytes: Buffer): void {
    if (!this.#open) return;
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#open.fd, bytes, at);
    } catch (error) {
      throw storageError(error, `write ${this.#open.entry.name}`);
    }
  }

  endEntry(): void {
    const open = this.#open;
    if (!open) return;
    this.#open = undefined;
    try {
      this.#describe(open.fd, open.entry);
      setTimes(open.fd, open.entry.mtimeSeconds, open.entry.mtimeNanoseconds);
    } finally {
      closeSync(open.fd);
    }
  }

  /** After the last member: sets the directories' times, which every member below them changed. */
  finish(): void {
    for (const { path, seconds, nanoseconds } of this.#directoryTimes.reverse()) {
      try {
        setTimes(this.#tree.directory(cleanTarPath(path).map(fileName)), seconds, nanoseconds);
      } catch (error) {
        // A later member may have put something else in its place.
        if (!hasErrno(error, "ENOENT", "ENOTDIR", "ELOOP")) throw error;
      }
    }
    this.close();
  }

  close(): void {
    if (this.#open) closeSync(this.#open.fd);
    this.#open = undefined;
    this.#tree.close();
  }

  /** A member that names the root itself: a directory gives it its owner and mode, anything else has no place. */
  #root(components: string[], entry: TarEntry): void {
    if (entry.type === "directory" && this.#into.length === 0) {
      this.#describe(this.#tree.rootFd, entry);
      this.#rememberTimes(components, entry);
    }
  }

  #place(components: string[], entry: TarEntry): void {
    switch (entry.type) {
      case "file":
        this.#open = {
          fd: this.#put(components, entry, (dir, name) => this.#tree.createFile(dir, name)),
          entry,
        };
        return;
      case "directory":
        this.#directory(components, entry);
        return;
      case "hardlink":
        this.#hardlink(components, entry);
        return;
      default:
        this.#node(components, entry);
    }
  }

  #directory(components: string[], entry: TarEntry): void {
    let replacedWhiteout = false;
    const { fd } = this.#put(
      components,
      entry,
      (dir, name) => this.#tree.makeDirectory(dir, name, 0o700),
      (replaced) => {
        replacedWhiteout = isWhiteout(replaced);
      },
    );
    try {
      // What the whiteout hid must stay hidden below the directory that took its place.
      if (replacedWhiteout && this.#options.whiteouts === "overlay") setOpaque(fd);
      this.#describe(fd, entry);
      this.#rememberTimes(components, entry);
    } finally {
      closeSync(fd);
    }
  }

  #hardlink(components: string[], entry: TarEntry): void {
    const source = [...this.#into, ...cleanTarPath(entry.linkName)];
    const sourceName = source.pop();
    if (sourceName === undefined) throw invalidArgument("a hard link to the root directory");
    this.#put(components, entry, (dir, name) => {
      const from = this.#tree.directory(source.map(fileName));
      return this.#tree.link(from, fileName(sourceName), dir, name) || undefined;
    });
  }

  /** Symbolic links, devices and fifos: made whole by one call. */
  #node(components: string[], entry: TarEntry): void {
    this.#put(components, entry, (dir, name) => {
      if (!this.#makeNode(dir, name, entry)) return undefined;
      assertDone(chownAt(dir, name, entry.uid, entry.gid), "set owner");
      if (entry.type !== "symlink") assertDone(chmodAt(dir, name, entry.mode), "set mode");
      this.#xattrs(pathAt(dir, name), entry);
      assertDone(setModifiedAt(dir, name, entry.mtimeSeconds, entry.mtimeNanoseconds), "set times");
      return true;
    });
  }

  #makeNode(dir: number, name: string | Buffer, entry: TarEntry): boolean {
    if (entry.type === "symlink") return this.#tree.symlink(dir, name, fileName(entry.linkName));
    const type = entry.type === "fifo" ? S_IFIFO : entry.type === "block-device" ? S_IFBLK : S_IFCHR;
    return this.#tree.mknod(dir, name, type | 0o600, entry.deviceMajor, entry.deviceMinor);
  }

  /** Runs `make` in the parent directory; when the name is taken, clears it and runs it once more. */
  #put<T>(
    components: string[],
    entry: TarEntry,
    make: (dir: number, name: string | Buffer) => T | undefined,
    onReplaced: (replaced: Stats) => void = () => {},
  ): T {
    const name = fileName(components.at(-1)!);
    for (let attempt = 0; ; attempt++) {
      const dir = this.#parent(components);
      const made = make(dir, name);
      if (made !== undefined) return made;
      // Somebody else keeps putting things there.
      if (attempt > 20) throw new GantryError("Conflict", "the file keeps being replaced");
      const existing = this.#tree.stat(dir, name);
      if (!existing) continue;
      this.#assertReplaceable(existing, entry);
      onReplaced(existing);
      this.#tree.removeAll(dir, name);
    }
  }

  #assertReplaceable(existing: Stats, entry: TarEntry): void {
    if (!this.#options.noOverwriteDirNonDir) return;
    const [isDirectory, wantsDirectory] = [existing.isDirectory(), entry.type === "directory"];
    if (isDirectory === wantsDirectory) return;
    const [is, wants] = isDirectory ? ["directory", "non-directory"] : ["non-directory", "directory"];
    throw invalidArgument(
      `cannot overwrite ${is} ${JSON.stringify(entry.name)} with ${wants} ${JSON.stringify(entry.name)}`,
      {
        code: "Layer.TypeMismatch",
      },
    );
  }

  #parent(components: string[]): number {
    const parents = components.slice(0, -1);
    try {
      return this.#tree.directory(parents.map(fileName), 0o755);
    } catch (error) {
      if (this.#options.whiteouts !== "overlay" || !hasErrno(error, "ENOTDIR")) throw error;
      this.#replaceWhiteouts(parents);
      return this.#tree.directory(parents.map(fileName), 0o755);
    }
  }

  /** A layer that first hides a directory and then has members in it means: a new directory. */
  #replaceWhiteouts(parents: string[]): void {
    for (let depth = 1; depth <= parents.length; depth++) {
      const dir = this.#tree.directory(parents.slice(0, depth - 1).map(fileName));
      const name = fileName(parents[depth - 1]!);
      const existing = this.#tree.stat(dir, name);
      if (!existing) return;
      if (!isWhiteout(existing)) continue;
      this.#tree.removeAll(dir, name);
      const made = this.#tree.makeDirectory(
        this.#tree.directory(parents.slice(0, depth - 1).map(fileName)),
        name,
        0o755,
      );
      if (!made) return;
      setOpaque(made.fd);
      closeSync(made.fd);
      return;
    }
  }

  /** True when the member was a whiteout and is dealt with. */
  #whiteout(components: string[]): boolean {
    const base = components.at(-1)!;
    if (this.#options.whiteouts !== "overlay" || !base.startsWith(WHITEOUT_PREFIX)) return false;
    if (base === OPAQUE_WHITEOUT) setOpaque(this.#parent(components));
    else if (!base.startsWith(AUFS_METADATA_PREFIX))
      this.#hide(components, base.slice(WHITEOUT_PREFIX.length));
    return true;
  }

  #hide(components: string[], hidden: string): void {
    if (hidden === "" || hidden === "." || hidden === "..") {
      throw invalidArgument(`invalid whiteout name ${JSON.stringify(components.at(-1))}`, {
        code: "Layer.InvalidWhiteout",
      });
    }
    const dir = this.#parent(components);
    const name = fileName(hidden);
    if (this.#tree.mknod(dir, name, S_IFCHR, 0, 0)) return;
    // A whiteout hides what the layers below have, never what its own layer has: a directory of its own becomes opaque.
    const own = this.#tree.makeDirectory(dir, name, 0o755);
    if (!own) return;
    setOpaque(own.fd);
    closeSync(own.fd);
  }

  /** The owner first: changing it clears set-id bits and capabilities. */
  #describe(fd: number, entry: TarEntry): void {
    fchownSync(fd, entry.uid, entry.gid);
    fchmodSync(fd, entry.mode);
    this.#xattrs(fd, entry);
  }

  #xattrs(target: XattrTarget, entry: TarEntry): void {
    for (const [name, value] of entry.xattrs) {
      if (!isPortableXattr(name)) continue;
      try {
        setXattr(target, name, value);
      } catch (error) {
        if (!hasErrno(error, "EOPNOTSUPP", "ENOTSUP", "EPERM", "EINVAL", "ERANGE", "E2BIG")) throw error;
        this.#options.onSkippedXattr?.(entry.name, name);
      }
    }
  }

  #rememberTimes(components: string[], entry: TarEntry): void {
    const { mtimeSeconds: seconds, mtimeNanoseconds: nanoseconds } = entry;
    this.#directoryTimes.push({ path: components.join("/"), seconds, nanoseconds });
  }
}

function isWhiteout(stats: Stats): boolean {
  return stats.isCharacterDevice() && stats.rdev === 0;
}

function setOpaque(fd: number): void {
  setXattr(fd, OPAQUE_XATTR, Buffer.from("y"));
}

function assertIds(entry: TarEntry): void {
  if (entry.uid >= 0 && entry.uid <= MAX_ID && entry.gid >= 0 && entry.gid <= MAX_ID) return;
  throw invalidArgument(`${entry.name}: owner ${entry.uid}:${entry.gid} is out of range`, {
    code: "Layer.InvalidOwner",
  });
}

function assertNames(entry: TarEntry, components: readonly string[]): void {
  const tooLong = components.find(
    (name) => name.length > MAX_NAME_BYTES / 3 && Buffer.byteLength(name) > MAX_NAME_BYTES,
  );
  if (tooLong === undefined && entry.linkName.length < 4096) return;
  throw invalidArgument(`a name in the archive is too long: ${entry.name.slice(0, 100)}…`, {
    code: "Layer.NameTooLong",
  });
}

function assertDone(result: number, operation: string): void {
  if (result < 0) throw new GantryError("Internal", `${operation}: errno ${-result}`);
}

/** What the archive brought about by itself is bad input; a full disk stays a full disk. */
function entryError(error: unknown, entry: TarEntry): unknown {
  if (!(error instanceof GantryError)) return storageError(error, `unpack ${entry.name}`);
  if (error.kind === "ResourceExhausted" || error.code.startsWith("Layer.")) return error;
  const target = entry.type === "hardlink" ? ` to ${JSON.stringify(entry.linkName)}` : "";
  return invalidArgument(
    `cannot unpack ${entry.type} ${JSON.stringify(entry.name)}${target}: ${error.message}`,
    {
      code: "Layer.InvalidEntry",
      cause: error,
    },
  );
}
