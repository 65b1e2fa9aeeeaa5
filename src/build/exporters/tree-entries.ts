import { closeSync, createReadStream, fstatSync, type Stats } from "node:fs";
import { FairTurn, notFound } from "../../base/index.ts";
import {
  deviceMajor,
  deviceMinor,
  getXattr,
  listXattrs,
  namesIn,
  O_PATH,
  openAtRoot,
  openDirectoryAt,
  pathAt,
  readLinkAt,
  reopenFile,
  statAt,
} from "../../kernel/index.ts";
import type { FileEntry } from "../session/types.ts";

/** Everything below a directory, parents first, siblings in the order of their bytes. Sockets are left out. */
export async function* treeEntries(rootFd: number): AsyncGenerator<FileEntry> {
  const linked = new Map<string, string>();
  const turn = new FairTurn();
  yield* below(rootFd, "");

  async function* below(dirfd: number, prefix: string): AsyncGenerator<FileEntry> {
    for (const name of namesIn(dirfd)) {
      await turn.pause();
      const stats = statAt(dirfd, name);
      if (!stats || stats.isSocket()) continue;
      const entry = entryOf(dirfd, name, prefix + name.toString("utf8"), stats);
      yield stats.isFile() && stats.nlink > 1 ? asLink(entry, stats) : entry;
      if (!stats.isDirectory()) continue;
      const fd = openDirectoryAt(dirfd, name);
      if (fd === undefined) continue;
      try {
        yield* below(fd, `${entry.path}/`);
      } finally {
        closeSync(fd);
      }
    }
  }

  /** The second and later names of a file are links to its first. */
  function asLink(entry: FileEntry, { dev, ino }: Stats): FileEntry {
    const key = `${dev}:${ino}`;
    const first = linked.get(key);
    if (first !== undefined) return { ...entry, linkName: first, sizeBytes: 0 };
    linked.set(key, entry.path);
    return entry;
  }
}

function entryOf(dirfd: number, name: Buffer, path: string, stats: Stats): FileEntry {
  const isDevice = stats.isCharacterDevice() || stats.isBlockDevice();
  const at = pathAt(dirfd, name);
  return {
    path,
    mode: stats.mode,
    uid: stats.uid,
    gid: stats.gid,
    sizeBytes: stats.isFile() ? stats.size : 0,
    mtimeNs: BigInt(Math.round(stats.mtimeMs * 1e6)),
    linkName: stats.isSymbolicLink() ? (readLinkAt(dirfd, name) ?? "").toString() : "",
    deviceMajor: isDevice ? deviceMajor(stats.rdev) : 0,
    deviceMinor: isDevice ? deviceMinor(stats.rdev) : 0,
    xattrs: Object.fromEntries(
      listXattrs(at)
        .filter((attribute) => !attribute.startsWith("trusted.overlay."))
        .flatMap((attribute) => {
          const value = getXattr(at, attribute);
          return value ? [[attribute, value]] : [];
        }),
    ),
  };
}

/** Content of a regular file of a tree. */
export async function* readTreeFile(rootFd: number, path: string): AsyncGenerator<Uint8Array> {
  const fd = reopenFile(openAtRoot(rootFd, path, O_PATH));
  if (fd === undefined) throw notFound(`${path} is no regular file`, { code: "Build.NoFile" });
  try {
    const { size } = fstatSync(fd);
    if (size > 0) yield* createReadStream("", { fd, autoClose: false, start: 0 });
  } finally {
    closeSync(fd);
  }
}
