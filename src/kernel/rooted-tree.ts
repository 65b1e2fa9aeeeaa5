import { closeSync, constants, openSync, readlinkSync, type Stats } from "node:fs";
import { constants as osConstants } from "node:os";
import { errnoCode } from "../base/index.ts";
import { cString, type FileName, linkAt, mkdirAt, mknodAt, openAt, symlinkAt } from "./at-calls.ts";
import { readLinkAt, statAt } from "./entries-at.ts";
import { fdPath } from "./in-root.ts";
import { errnoError, koffi } from "./libc.ts";
import { removing } from "./remove-tree.ts";

const { EAGAIN, EEXIST, ELOOP, ENOENT, ENOTDIR } = osConstants.errno;
const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;
const O_CLOEXEC = 0o2000000;
const SYS_OPENAT2 = 437;
const RESOLVE_IN_ROOT_NO_MAGIC = 0x12;
const MAX_CACHED_DIRECTORIES = 64;
const MAX_LINKS = 40;
/** PATH_MAX less room for one more name: what lies deeper could be neither opened nor removed by its path. */
const MAX_DIRECTORY_PATH = 4096 - 256;

let openat2: ((number: number, dirfd: number, path: Buffer, how: Buffer, size: number) => number) | undefined;

/**
 * A directory tree that is written to by names from elsewhere (an archive, a client). Whatever the names and the links in
 * the tree are, and whoever changes it meanwhile, nothing outside is ever touched: directories are opened by openat2(2)
 * with RESOLVE_IN_ROOT, and everything else happens relative to their descriptors without following a last link.
 *
 * Paths are given by their components. Descriptors of directories that `directory` returns belong to the tree and are valid
 * until the second next call of it, or until something is removed.
 */
export class RootedTree {
  readonly #rootFd: number;
  readonly #directories = new Map<string, number>();

  constructor(root: string) {
    this.#rootFd = openSync(root, O_RDONLY | O_DIRECTORY);
  }

  close(): void {
    this.forget();
    closeSync(this.#rootFd);
  }

  /** Drops remembered descriptors: to be called after a directory or a link was replaced by something else. */
  forget(): void {
    for (const fd of this.#directories.values()) closeSync(fd);
    this.#directories.clear();
  }

  get rootFd(): number {
    return this.#rootFd;
  }

  /**
   * The directory at `components`, links followed inside the root. With `createMode`, what is missing is made, also behind
   * a dangling link. Throws InvalidArgument (`Kernel.ENOTDIR`) where a file stands in the way.
   */
  directory(components: readonly FileName[], createMode?: number): number {
    if (components.length === 0) return this.#rootFd;
    const path = joinPath(components);
    const key = path.toString("latin1");
    const known = this.#directories.get(key);
    if (known !== undefined) {
      // The newest stand last, so that the one used longest ago is dropped first.
      this.#directories.delete(key);
      this.#directories.set(key, known);
      return known;
    }
    const fd = this.#open(path);
    if (fd >= 0) return this.#remember(key, fd);
    if (fd !== -ENOENT || createMode === undefined)
      throw errnoError(-fd, "open directory", { path: String(path) });
    return this.#remember(key, this.#makeDirectories(components, createMode));
  }

  #open(path: Buffer): number {
    openat2 ??= koffi()
      .load("libc.so.6")
      .func("syscall", "long", ["long", "int", "const void *", "void *", "size_t"]) as never;
    const how = Buffer.alloc(24);
    how.writeBigUInt64LE(BigInt(O_RDONLY | O_DIRECTORY | O_CLOEXEC), 0);
    how.writeBigUInt64LE(BigInt(RESOLVE_IN_ROOT_NO_MAGIC), 16);
    for (let attempt = 0; ; attempt++) {
      const fd = Number(openat2!(SYS_OPENAT2, this.#rootFd, cString(path), how, how.length));
      if (fd >= 0) return fd;
      const errno = koffi().errno();
      // The kernel could not be sure because a directory was being renamed (openat2(2)).
      if (errno !== EAGAIN || attempt > 100) return -errno;
    }
  }

  #remember(key: string, fd: number): number {
    assertNotTooDeep(fd);
    if (this.#directories.size >= MAX_CACHED_DIRECTORIES) {
      const [oldest, oldFd] = this.#directories.entries().next().value!;
      this.#directories.delete(oldest);
      closeSync(oldFd);
    }
    this.#directories.set(key, fd);
    return fd;
  }

  /** Walks from the root with the descriptors of the way kept, so that `..` in a link's target is a step back. */
  #makeDirectories(components: readonly FileName[], mode: number): number {
    const pending = components.map(bytesOf).reverse();
    const way: number[] = [];
    let links = 0;
    const here = () => way.at(-1) ?? this.#rootFd;
    try {
      while (pending.length > 0) {
        const name = pending.pop()!;
        if (name.length === 0 || name.equals(DOT)) continue;
        if (name.equals(DOT_DOT)) {
          const left = way.pop();
          if (left !== undefined) closeSync(left);
          continue;
        }
        const target = this.#step(here(), name, mode, way);
        if (target === undefined) continue;
        if (++links > MAX_LINKS) throw errnoError(ELOOP, "open directory");
        if (target[0] === 0x2f) for (const fd of way.splice(0)) closeSync(fd);
        pending.push(...splitPath(target).reverse());
      }
      return way.pop() ?? openSync(fdPath(this.#rootFd), O_RDONLY | O_DIRECTORY);
    } finally {
      for (const fd of way) closeSync(fd);
    }
  }

  /** Enters (or makes and enters) one directory; for a link, returns its target instead. */
  #step(dirfd: number, name: Buffer, mode: number, way: number[]): Buffer | undefined {
    for (let attempt = 0; ; attempt++) {
      const fd = openAt(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      if (fd >= 0) {
        way.push(fd);
        return undefined;
      }
      if (fd === -ENOENT) mkdirAt(dirfd, name, mode);
      else if (fd !== -ENOTDIR && fd !== -ELOOP) throw errnoError(-fd, "open directory");
      else {
        const target = readLinkAt(dirfd, name);
        if (target) return target;
      }
      // Made just now, or changed by somebody else between the two looks.
      if (attempt > 20) throw errnoError(-fd, "open directory", { path: String(name) });
    }
  }

  /** What a name in an open directory is; a link is not followed. */
  stat(dirfd: number, name: FileName): Stats | undefined {
    return statAt(dirfd, name);
  }

  /** A new regular file, open for writing; undefined when the name is taken. */
  createFile(dirfd: number, name: FileName): number | undefined {
    const fd = openAt(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    return fd >= 0 ? fd : unlessExists(fd, "create file", name);
  }

  /** A new directory, or the one that is there already. Returns a descriptor that the caller closes; undefined: taken. */
  makeDirectory(dirfd: number, name: FileName, mode: number): { fd: number; made: boolean } | undefined {
    const made = mkdirAt(dirfd, name, mode);
    if (made < 0 && made !== -EEXIST) throw errnoError(-made, "make directory", { name: String(name) });
    const fd = openAt(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (fd >= 0) return { fd, made: made >= 0 };
    if (fd === -ENOTDIR || fd === -ELOOP) return undefined;
    throw errnoError(-fd, "open directory", { name: String(name) });
  }

  /** True when made, false when the name is taken. */
  symlink(dirfd: number, name: FileName, target: FileName): boolean {
    return this.#made(symlinkAt(target, dirfd, name), "make symbolic link", name);
  }

  link(fromFd: number, from: FileName, toFd: number, to: FileName): boolean {
    return this.#made(linkAt(fromFd, from, toFd, to), "make hard link", to);
  }

  mknod(dirfd: number, name: FileName, mode: number, major: number, minor: number): boolean {
    return this.#made(mknodAt(dirfd, name, mode, major, minor), "make device node", name);
  }

  #made(result: number, operation: string, name: FileName): boolean {
    return result >= 0 || unlessExists(result, operation, name) !== undefined;
  }

  /** Removes a name with everything below it; links are removed, never followed. */
  removeAll(dirfd: number, name: FileName): void {
    for (const _ of removing(dirfd, bytesOf(name)));
    this.forget();
  }
}

const DOT = Buffer.from(".");
const DOT_DOT = Buffer.from("..");
function unlessExists(result: number, operation: string, name: FileName): undefined {
  if (result === -EEXIST) return undefined;
  throw errnoError(-result, operation, { name: String(name) });
}

function assertNotTooDeep(fd: number): void {
  let length = MAX_DIRECTORY_PATH + 1;
  try {
    length = readlinkSync(fdPath(fd), { encoding: "buffer" }).length;
  } catch (error) {
    if (errnoCode(error) !== "ENAMETOOLONG") throw error;
  }
  if (length <= MAX_DIRECTORY_PATH) return;
  closeSync(fd);
  throw errnoError(osConstants.errno.ENAMETOOLONG, "open directory");
}

function bytesOf(name: FileName): Buffer {
  return typeof name === "string" ? Buffer.from(name) : name;
}

function joinPath(components: readonly FileName[]): Buffer {
  if (components.every((part) => typeof part === "string")) return Buffer.from(components.join("/"));
  return Buffer.concat(
    components.flatMap((part, index) => (index === 0 ? [bytesOf(part)] : [SLASH, bytesOf(part)])),
  );
}

const SLASH = Buffer.from("/");

function splitPath(path: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let from = 0; from <= path.length; ) {
    const slash = path.indexOf(0x2f, from);
    const end = slash < 0 ? path.length : slash;
    parts.push(path.subarray(from, end));
    from = end + 1;
  }
  return parts;
}
