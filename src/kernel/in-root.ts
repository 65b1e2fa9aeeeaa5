import { closeSync, constants, mkdirSync, openSync, readlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { errnoCode, GantryError, invalidArgument } from "../base/index.ts";
import { check, hasErrno, libc } from "./libc.ts";

const SYS_OPENAT2 = 437;
const RESOLVE_NO_MAGICLINKS = 0x02;
const RESOLVE_IN_ROOT = 0x10;
const O_CLOEXEC = 0o2000000;
export const O_PATH = 0o10000000;
const MAX_LINKS = 255;

/**
 * Opens `path` as a process with `root` for its root directory would: absolute paths, `..` and symbolic links all stay
 * inside, whoever changes the tree meanwhile (openat2(2), RESOLVE_IN_ROOT). Returns the descriptor.
 */
export function openInRoot(root: string, path: string, flags: number = constants.O_RDONLY, mode = 0): number {
  const rootFd = openSync(root, O_PATH | constants.O_DIRECTORY);
  try {
    return openAtRoot(rootFd, path, flags, mode);
  } finally {
    closeSync(rootFd);
  }
}

/** As `openInRoot`, for callers that hold the root's descriptor over many calls. */
export function openAtRoot(
  rootFd: number,
  path: string,
  flags: number = constants.O_RDONLY,
  mode = 0,
): number {
  if (path.includes("\0")) throw invalidArgument("a path holds a NUL byte");
  // struct open_how. A mode is refused unless something may be created.
  const how = Buffer.alloc(24);
  how.writeBigUInt64LE(BigInt(flags | O_CLOEXEC), 0);
  how.writeBigUInt64LE(BigInt(flags & constants.O_CREAT ? mode : 0), 8);
  how.writeBigUInt64LE(BigInt(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS), 16);
  for (let attempt = 0; ; attempt++) {
    try {
      return check(
        Number(libc().openat2(SYS_OPENAT2, rootFd, path || ".", how, how.length)),
        `open ${path} in its root`,
        {
          path,
        },
      );
    } catch (error) {
      // The kernel could not be sure because a directory was being renamed: try again (openat2(2)).
      if (!hasErrno(error, "EAGAIN") || attempt > 100) throw error;
    }
  }
}

/** A path under which other calls reach what a descriptor stands for. */
export function fdPath(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

export interface ParentInRoot {
  /** Descriptor of the directory that holds the entry. */
  fd: number;
  /** The entry's name in it. */
  name: string;
  /** `/proc/self/fd/<fd>/<name>`: for calls that must not follow a link at the end (lstat, rename, unlink, mknod, …). */
  path: string;
}

/**
 * Runs `fn` with the directory that holds `path` open; links on the way are followed inside the root, the last
 * component is not looked at. With `createMode`, missing directories are made.
 */
export function withParentInRoot<T>(
  root: string,
  path: string,
  fn: (parent: ParentInRoot) => T,
  options: { createMode?: number } = {},
): T {
  const name = basename(path);
  if (name === "" || name === "." || name === "..")
    throw invalidArgument(`a path without a last name: ${path}`);
  const rootFd = openSync(root, O_PATH | constants.O_DIRECTORY);
  try {
    const fd = openDirectory(rootFd, dirname(path), options.createMode);
    try {
      return fn({ fd, name, path: `${fdPath(fd)}/${name}` });
    } finally {
      closeSync(fd);
    }
  } finally {
    closeSync(rootFd);
  }
}

/** `mkdir -p` inside a root. */
export function mkdirInRoot(root: string, path: string, mode = 0o755): void {
  const rootFd = openSync(root, O_PATH | constants.O_DIRECTORY);
  try {
    closeSync(openDirectory(rootFd, path, mode));
  } finally {
    closeSync(rootFd);
  }
}

function openDirectory(rootFd: number, path: string, createMode: number | undefined): number {
  try {
    return openAtRoot(rootFd, path, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    if (createMode === undefined || !hasErrno(error, "ENOENT")) throw error;
  }
  return makeDirectories(rootFd, path, createMode);
}

/** One component at a time. A dangling link on the way cannot be made a directory: the caller sees EEXIST or ENOENT. */
function makeDirectories(rootFd: number, path: string, mode: number): number {
  let walked = ".";
  let fd = openAtRoot(rootFd, ".", constants.O_RDONLY | constants.O_DIRECTORY);
  for (const part of path.split("/").filter((part) => part !== "" && part !== ".")) {
    try {
      if (part !== "..") mkdirSync(`${fdPath(fd)}/${part}`, { mode });
    } catch (error) {
      if (errnoCode(error) !== "EEXIST") throw error;
    } finally {
      closeSync(fd);
    }
    // Walked again from the root, so that `..` and links mean what they mean to a process inside.
    walked = `${walked}/${part}`;
    fd = openAtRoot(rootFd, walked, constants.O_RDONLY | constants.O_DIRECTORY);
  }
  return fd;
}

/**
 * Where `path` inside `root` lies on the host, all links resolved inside the root; components that do not exist stay
 * as they are. Whoever changes the tree meanwhile, nothing outside of it is looked at; but the answer is a text, and true
 * only while nobody does: use the functions above on trees that a container can write.
 */
export function resolveInRoot(root: string, path: string, options: { followLast?: boolean } = {}): string {
  const followLast = options.followLast ?? true;
  const pending = path.split("/").reverse();
  const way = new Way(root);
  let links = 0;
  try {
    while (pending.length > 0) {
      const part = pending.pop()!;
      if (part === "" || part === ".") continue;
      if (part === "..") {
        way.up();
        continue;
      }
      const isLast = pending.every((rest) => rest === "" || rest === ".");
      const target = isLast && !followLast ? undefined : way.linkTarget(part);
      if (target === undefined) {
        way.down(part);
        continue;
      }
      if (++links > MAX_LINKS) {
        throw new GantryError("InvalidArgument", `too many symbolic links in ${path}`, {
          code: "Kernel.ELOOP",
          details: { errno: "ELOOP", path },
        });
      }
      if (target.startsWith("/")) way.toRoot();
      pending.push(...target.split("/").reverse());
    }
    return join(root, ...way.names);
  } finally {
    way.close();
  }
}

/** The directories walked through, held open as far as they exist, so that each name is looked up in the one before it. */
class Way {
  readonly #rootFd: number;
  readonly #steps: { name: string; fd: number | undefined }[] = [];

  constructor(root: string) {
    this.#rootFd = openSync(root, O_PATH | constants.O_DIRECTORY);
  }

  get names(): string[] {
    return this.#steps.map((step) => step.name);
  }

  linkTarget(name: string): string | undefined {
    const path = this.#at(name);
    if (path === undefined) return undefined;
    try {
      return readlinkSync(path);
    } catch {
      // No link, or nothing at all.
      return undefined;
    }
  }

  down(name: string): void {
    this.#steps.push({ name, fd: this.#openDirectory(name) });
  }

  up(): void {
    const left = this.#steps.pop();
    if (left?.fd !== undefined) closeSync(left.fd);
  }

  toRoot(): void {
    while (this.#steps.length > 0) this.up();
  }

  close(): void {
    this.toRoot();
    closeSync(this.#rootFd);
  }

  #openDirectory(name: string): number | undefined {
    const path = this.#at(name);
    if (path === undefined) return undefined;
    try {
      return openSync(path, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    } catch {
      return undefined;
    }
  }

  #at(name: string): string | undefined {
    const last = this.#steps.at(-1);
    const fd = last ? last.fd : this.#rootFd;
    return fd === undefined ? undefined : `${fdPath(fd)}/${name}`;
  }
}
