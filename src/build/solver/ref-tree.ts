import { closeSync, constants, fstatSync, readdirSync, readlinkSync, readSync, type Stats } from "node:fs";
import { posix } from "node:path";
import { GantryError, invalidArgument } from "../../base/index.ts";
import { compileGlob } from "../../formats/index.ts";
import {
  deviceMajor,
  deviceMinor,
  fdPath,
  getXattr,
  hasErrno,
  listXattrs,
  O_PATH,
  openAtRoot,
  reopenFile,
  statAt,
} from "../../kernel/index.ts";
import { layerOfLocal } from "../operations/layer-of-local.ts";
import { openRef } from "../operations/open-ref.ts";
import type { OperationHost } from "../operations/operation-context.ts";
import type { FileEntry } from "../session/types.ts";
import type { Ref } from "./ref.ts";
import type { BuildTree, OpenTree, TreeLayer } from "./types.ts";

const MAX_READ_BYTES = 256 * 1024 * 1024;

/** A result for whoever asked for it, who holds it until `release`. */
export class RefTree implements BuildTree {
  readonly #ref: Ref;
  readonly #host: OperationHost;
  readonly #releases: (() => void)[] = [];
  #layers: Promise<readonly TreeLayer[]> | undefined;

  constructor(ref: Ref, host: OperationHost) {
    this.#ref = ref;
    this.#host = host;
    if (ref.local) this.#releases.push(ref.local.hold());
    const diffIds = ref.layers.map(({ diffId }) => diffId);
    if (diffIds.length > 0) this.#releases.push(host.images.holdLayers(diffIds));
  }

  layers(): Promise<readonly TreeLayer[]> {
    this.#layers ??= this.#makeLayers();
    return this.#layers;
  }

  async #makeLayers(): Promise<readonly TreeLayer[]> {
    if (!this.#ref.local) return this.#ref.layers;
    const { ref, release } = await layerOfLocal(
      this.#ref.local,
      this.#host,
      "",
      new AbortController().signal,
    );
    this.#releases.push(release);
    return ref.layers;
  }

  async readFile(path: string, range?: { offset: number; length: number }): Promise<Buffer> {
    return this.#reading((rootFd) => {
      const fd = reopenFile(openIn(rootFd, path, "open"));
      if (fd === undefined) throw invalidArgument(`read ${path}: is a directory`, { code: "Build.Path" });
      try {
        const { size } = fstatSync(fd);
        const offset = range?.offset ?? 0;
        const length = Math.max(0, Math.min(range?.length ?? size, size - offset));
        if (length > MAX_READ_BYTES) throw invalidArgument(`${path} is too large to be read at once`);
        const bytes = Buffer.alloc(length);
        let at = 0;
        while (at < length) {
          const count = readSync(fd, bytes, at, length - at, offset + at);
          if (count === 0) break;
          at += count;
        }
        return bytes.subarray(0, at);
      } finally {
        closeSync(fd);
      }
    });
  }

  async readDirectory(path: string, includePattern = ""): Promise<FileEntry[]> {
    const glob = includePattern === "" ? undefined : compileGlob(includePattern);
    return this.#reading((rootFd) => {
      const fd = openIn(rootFd, path, "open");
      try {
        if (!fstatSync(fd).isDirectory())
          throw invalidArgument(`readdirent ${path}: not a directory`, { code: "Build.Path" });
        return readdirSync(fdPath(fd))
          .filter((name) => glob?.matches(name) ?? true)
          .sort()
          .flatMap((name) => {
            const stat = statAt(fd, name);
            return stat ? [entryOf(name, `${fdPath(fd)}/${name}`, stat)] : [];
          });
      } finally {
        closeSync(fd);
      }
    });
  }

  async stat(path: string): Promise<FileEntry> {
    return this.#reading((rootFd) => {
      const fd = openIn(rootFd, path, "lstat");
      try {
        return entryOf(posix.basename(posix.join("/", path)), fdPath(fd), fstatSync(fd));
      } finally {
        closeSync(fd);
      }
    });
  }

  async open(): Promise<OpenTree> {
    return openRef(this.#host.workspace, this.#ref);
  }

  async #reading<T>(work: (rootFd: number) => T): Promise<T> {
    const opened = await this.open();
    try {
      return work(opened.rootFd);
    } finally {
      opened.close();
    }
  }

  async release(): Promise<void> {
    await this.#layers?.catch(() => {});
    for (const release of this.#releases.splice(0)) release();
  }
}

function openIn(rootFd: number, path: string, call: string): number {
  try {
    return openAtRoot(rootFd, posix.join("/", path), O_PATH);
  } catch (error) {
    if (!hasErrno(error, "ENOENT", "ENOTDIR", "ELOOP")) throw error;
    const reason = hasErrno(error, "ENOENT") ? "no such file or directory" : "not a directory";
    throw new GantryError("NotFound", `${call} ${path}: ${reason}`, { code: "Build.Path" });
  }
}

function entryOf(name: string, at: string, stat: Stats): FileEntry {
  const isLink = (stat.mode & constants.S_IFMT) === constants.S_IFLNK;
  const xattrs: Record<string, Uint8Array> = {};
  for (const one of isLink ? [] : listXattrs(at)) {
    const value = getXattr(at, one);
    if (value) xattrs[one] = value;
  }
  const isDevice = stat.isBlockDevice() || stat.isCharacterDevice();
  return {
    path: name,
    mode: stat.mode,
    uid: stat.uid,
    gid: stat.gid,
    sizeBytes: stat.size,
    mtimeNs: BigInt(Math.round(stat.mtimeMs * 1e6)),
    linkName: isLink ? readlinkSync(at) : "",
    deviceMajor: isDevice ? deviceMajor(stat.rdev) : 0,
    deviceMinor: isDevice ? deviceMinor(stat.rdev) : 0,
    xattrs,
  };
}
