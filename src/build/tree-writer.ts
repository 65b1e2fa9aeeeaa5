import * as fs from "node:fs";
import { closeSync, constants, type Stats } from "node:fs";
import { basename, dirname } from "node:path";
import { errnoCode, GantryError, invalidArgument } from "../base/index.ts";
import { fdPath, hasErrno, openAtRoot } from "../kernel/index.ts";

export interface Ownership {
  uid: number;
  gid: number;
}

export interface NodeAttributes extends Ownership {
  /** Permission bits with setuid, setgid and sticky. */
  mode: number;
  mtimeMs: number;
}

const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY;

/**
 * Writes files below a root. Links on the way to an entry are followed inside the root only (openat2); the entry itself
 * is never followed: what stands there is replaced, except that directories are merged. New missing directories on the
 * way belong to `newDirectoryOwner`. Synchronous, because each call takes microseconds and archives hold thousands of
 * entries; callers go back to the event loop from time to time.
 */
export class TreeWriter {
  readonly #rootFd: number;
  readonly #owner: Ownership;
  /** The directory written to last; archives come sorted by directory. */
  #current: { path: string; fd: number } | undefined;

  constructor(rootFd: number, newDirectoryOwner: Ownership = { uid: 0, gid: 0 }) {
    this.#rootFd = rootFd;
    this.#owner = newDirectoryOwner;
  }

  /** Releases the directory kept open; the root's descriptor stays the caller's. */
  close(): void {
    if (this.#current) closeSync(this.#current.fd);
    this.#current = undefined;
  }

  /** The entry's path for calls that do not follow a link at the end. Missing directories are made. */
  entryPath(path: string): string {
    const name = basename(path);
    if (name === "" || name === "." || name === "..") throw invalidArgument(`invalid file name: ${path}`);
    return `${fdPath(this.#directoryFd(dirname(path)))}/${name}`;
  }

  /** Makes sure that a directory stands at `path`, following a link that is there. */
  directory(path: string): void {
    this.#directoryFd(path);
  }

  /** A directory as an entry of its own: one that is there keeps its content and gets the attributes. */
  directoryEntry(path: string, attributes: NodeAttributes): void {
    const at = this.entryPath(path);
    const existing = lstatOrUndefined(at);
    if (existing && !existing.isDirectory()) this.#remove(at, path);
    if (!existing?.isDirectory()) fs.mkdirSync(at, { mode: 0o700 });
    setAttributes(at, attributes);
  }

  /** `fill` writes the content to the path it is given, which must be created exclusively (`wx`). */
  async file(
    path: string,
    attributes: NodeAttributes,
    fill: (at: string) => void | Promise<void>,
  ): Promise<void> {
    const at = this.vacantPath(path);
    await fill(at);
    setAttributes(at, attributes);
  }

  /** As `file`, at once: for what is small and in memory. */
  wholeFile(path: string, attributes: NodeAttributes, content: Uint8Array): void {
    const at = this.vacantPath(path);
    fs.writeFileSync(at, content, { flag: "wx", mode: 0o600 });
    setAttributes(at, attributes);
  }

  symlink(path: string, target: string, attributes: Ownership & { mtimeMs: number }): void {
    const at = this.vacantPath(path);
    fs.symlinkSync(target, at);
    fs.lchownSync(at, attributes.uid, attributes.gid);
    fs.lutimesSync(at, attributes.mtimeMs / 1000, attributes.mtimeMs / 1000);
  }

  /** `target` is a path inside the root; a link at its end is linked itself. */
  hardlink(path: string, target: string): void {
    const parentFd = openAtRoot(this.#rootFd, dirname(target), DIRECTORY);
    try {
      const source = `${fdPath(parentFd)}/${basename(target)}`;
      const at = this.entryPath(path);
      const from = fs.lstatSync(source);
      const to = lstatOrUndefined(at);
      if (to && to.ino === from.ino && to.dev === from.dev) return;
      if (to) this.#remove(at, path);
      fs.linkSync(source, at);
    } finally {
      closeSync(parentFd);
    }
  }

  /** As `entryPath`; what stands there is removed. */
  vacantPath(path: string): string {
    const at = this.entryPath(path);
    if (lstatOrUndefined(at)) this.#remove(at, path);
    return at;
  }

  #remove(at: string, path: string): void {
    // A directory kept open below the removed one would write into nowhere.
    const kept = this.#current?.path;
    if (kept !== undefined && (kept === path || kept.startsWith(`${path}/`))) this.close();
    fs.rmSync(at, { recursive: true, force: true });
  }

  #directoryFd(path: string): number {
    if (this.#current?.path === path) return this.#current.fd;
    const fd = this.#openDirectory(path);
    this.close();
    this.#current = { path, fd };
    return fd;
  }

  #openDirectory(path: string): number {
    try {
      return openAtRoot(this.#rootFd, path, DIRECTORY);
    } catch (error) {
      if (hasErrno(error, "ENOTDIR")) throw notDirectory(path);
      if (!hasErrno(error, "ENOENT")) throw error;
    }
    const parts = path.split("/").filter((part) => part !== "" && part !== ".");
    let walked = ".";
    for (const part of parts) {
      const above = walked;
      walked = `${walked}/${part}`;
      this.#makeDirectory(above, part, walked);
    }
    return openAtRoot(this.#rootFd, walked, DIRECTORY);
  }

  #makeDirectory(above: string, name: string, path: string): void {
    const fd = openAtRoot(this.#rootFd, above, DIRECTORY);
    try {
      const at = `${fdPath(fd)}/${name}`;
      fs.mkdirSync(at, { mode: 0o755 });
      fs.lchownSync(at, this.#owner.uid, this.#owner.gid);
    } catch (error) {
      if (errnoCode(error) !== "EEXIST") throw error;
      try {
        closeSync(openAtRoot(this.#rootFd, path, DIRECTORY));
      } catch (cause) {
        throw hasErrno(cause, "ENOTDIR", "ENOENT") ? notDirectory(path) : cause;
      }
    } finally {
      closeSync(fd);
    }
  }
}

function setAttributes(at: string, attributes: NodeAttributes): void {
  // Owner before mode: a change of owner clears setuid.
  fs.lchownSync(at, attributes.uid, attributes.gid);
  fs.chmodSync(at, attributes.mode & 0o7777);
  fs.utimesSync(at, attributes.mtimeMs / 1000, attributes.mtimeMs / 1000);
}

function lstatOrUndefined(path: string): Stats | undefined {
  try {
    return fs.lstatSync(path);
  } catch (error) {
    if (errnoCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function notDirectory(path: string): GantryError {
  return new GantryError("InvalidArgument", `not a directory: ${path.replace(/^\.\//, "/")}`, {
    code: "Build.NotDirectory",
    details: { path },
  });
}
