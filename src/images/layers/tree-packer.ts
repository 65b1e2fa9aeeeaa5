import { closeSync, fstatSync, readSync, type Stats } from "node:fs";
import { GantryError } from "../../base/index.ts";
import {
  bytesOfText,
  encodeTarHeader,
  TAR_END,
  type TarEntry,
  type TarEntryType,
  tarEntry,
  tarPadding,
  textOfBytes,
} from "../../formats/index.ts";
import {
  deviceMajor,
  deviceMinor,
  getXattr,
  listXattrs,
  namesIn,
  openDirectoryAt,
  openFileAt,
  pathAt,
  readLinkAt,
  statAt,
} from "../../kernel/index.ts";
import {
  isPortableXattr,
  OPAQUE_WHITEOUT,
  OPAQUE_XATTR,
  OVERLAY_XATTR_PREFIX,
  WHITEOUT_PREFIX,
} from "./layer-names.ts";

export interface PackOptions {
  /**
   * `overlay`: the tree is a layer's directory, overlayfs' whiteouts become those of layer archives. `ordinary` (default):
   * what is there is packed.
   */
  whiteouts?: "overlay" | "ordinary";
  /** Put before every name: `etc/` for the archive of one directory. */
  prefix?: string;
  /** Whether the root directory itself is a member; `if-changed`: only when it is not 0755 root:root. */
  root?: "never" | "always" | "if-changed";
  /** Changes or (undefined) leaves out a member, directories with all below them. */
  map?: (entry: TarEntry) => TarEntry | undefined;
}

const READ_BYTES = 256 * 1024;
const NO_STRING = "";

interface PackState {
  options: PackOptions;
  /** Archive names of files with several links, by device and inode. */
  linked: Map<string, string>;
}

/**
 * The archive of a directory tree, in pieces. The same tree always gives the same bytes: names are sorted, times are whole
 * seconds, and owners have no names. Every member is opened relative to its directory and links are never followed, so a
 * tree that is being changed cannot make it read elsewhere; what vanishes meanwhile is left out.
 */
export function* packTree(rootFd: number, options: PackOptions = {}): Generator<Buffer> {
  const state: PackState = { options, linked: new Map() };
  const prefix = options.prefix ?? NO_STRING;
  const root =
    options.root === "never" || options.root === undefined ? undefined : rootEntry(rootFd, prefix, options);
  if (root) yield encodeTarHeader(root);
  yield* packDirectory(state, rootFd, prefix);
  yield TAR_END;
}

/** One member and, for a directory, all below it, without the archive's end mark. */
export function* packMember(
  dirfd: number,
  name: string,
  archiveName: string,
  options: PackOptions = {},
): Generator<Buffer> {
  yield* packOne({ options, linked: new Map() }, dirfd, bytesOfText(name), archiveName);
}

function rootEntry(rootFd: number, prefix: string, options: PackOptions): TarEntry | undefined {
  const stats = fstatSync(rootFd);
  const isUsual = (stats.mode & 0o7777) === 0o755 && stats.uid === 0 && stats.gid === 0;
  if (options.root === "if-changed" && isUsual) return undefined;
  const entry = entryOf(prefix === NO_STRING ? "./" : prefix, "directory", stats);
  return options.map ? options.map(entry) : entry;
}

function* packDirectory(state: PackState, dirfd: number, prefix: string): Generator<Buffer> {
  for (const name of namesIn(dirfd)) yield* packOne(state, dirfd, name, prefix + textOfBytes(name));
}

function* packOne(state: PackState, dirfd: number, name: Buffer, archiveName: string): Generator<Buffer> {
  const stats = statAt(dirfd, name);
  const type = stats && typeOf(stats);
  if (!stats || !type) return;
  if (state.options.whiteouts === "overlay" && type === "character-device" && stats.rdev === 0) {
    yield* emit(state, whiteoutEntry(archiveName));
    return;
  }
  const entry = entryOf(archiveName, type, stats);
  const xattrs = readXattrs(dirfd, name, archiveName, entry);
  if (type === "directory") yield* packSubdirectory(state, dirfd, name, entry, xattrs.isOpaque);
  else if (type === "file") yield* packFile(state, dirfd, name, entry, stats);
  else {
    if (type === "symlink") entry.linkName = textOfBytes(readLinkAt(dirfd, name) ?? Buffer.alloc(0));
    yield* emit(state, entry);
  }
}

function* packSubdirectory(
  state: PackState,
  dirfd: number,
  name: Buffer,
  entry: TarEntry,
  isOpaque: boolean,
): Generator<Buffer> {
  const fd = openDirectoryAt(dirfd, name);
  if (fd === undefined) return;
  try {
    const mapped = mapEntry(state, entry);
    if (!mapped) return;
    yield encodeTarHeader(mapped);
    const prefix = `${entry.name}/`;
    if (isOpaque && state.options.whiteouts === "overlay") {
      yield* emit(state, { ...whiteoutEntry(entry.name), name: `${prefix}${OPAQUE_WHITEOUT}` });
    }
    yield* packDirectory(state, fd, prefix);
  } finally {
    closeSync(fd);
  }
}

function* packFile(
  state: PackState,
  dirfd: number,
  name: Buffer,
  entry: TarEntry,
  stats: Stats,
): Generator<Buffer> {
  if (stats.nlink > 1) {
    const key = `${stats.dev}:${stats.ino}`;
    const first = state.linked.get(key);
    if (first !== undefined) {
      yield* emit(state, { ...entry, type: "hardlink", linkName: first, sizeBytes: 0, xattrs: new Map() });
      return;
    }
    state.linked.set(key, entry.name);
  }
  const fd = openFileAt(dirfd, name);
  if (fd === undefined) return;
  try {
    entry.sizeBytes = fstatSync(fd).size;
    const mapped = mapEntry(state, entry);
    if (!mapped) return;
    yield encodeTarHeader(mapped);
    yield* contentOf(fd, entry.sizeBytes);
    yield tarPadding(entry.sizeBytes);
  } finally {
    closeSync(fd);
  }
}

/** Exactly `sizeBytes` bytes: a file that grows meanwhile is cut, one that shrinks is filled up with zeros. */
function* contentOf(fd: number, sizeBytes: number): Generator<Buffer> {
  for (let at = 0; at < sizeBytes; ) {
    const piece = Buffer.allocUnsafe(Math.min(READ_BYTES, sizeBytes - at));
    const read = readSync(fd, piece, 0, piece.length, at);
    if (read === 0) piece.fill(0);
    yield read === 0 ? piece : piece.subarray(0, read);
    at += read === 0 ? piece.length : read;
  }
}

function* emit(state: PackState, entry: TarEntry): Generator<Buffer> {
  const mapped = mapEntry(state, entry);
  if (mapped) yield encodeTarHeader(mapped);
}

function mapEntry(state: PackState, entry: TarEntry): TarEntry | undefined {
  return state.options.map ? state.options.map(entry) : entry;
}

function entryOf(name: string, type: TarEntryType, stats: Stats): TarEntry {
  const isDevice = type === "character-device" || type === "block-device";
  return tarEntry({
    name,
    type,
    mode: stats.mode & 0o7777,
    uid: stats.uid,
    gid: stats.gid,
    mtimeSeconds: Math.floor(stats.mtimeMs / 1000),
    deviceMajor: isDevice ? deviceMajor(stats.rdev) : 0,
    deviceMinor: isDevice ? deviceMinor(stats.rdev) : 0,
  });
}

function whiteoutEntry(archiveName: string): TarEntry {
  const slash = archiveName.lastIndexOf("/") + 1;
  const name = archiveName.slice(0, slash) + WHITEOUT_PREFIX + archiveName.slice(slash);
  return tarEntry({ name, type: "file", mode: 0o600 });
}

/** Puts the portable attributes into the entry, and says what overlayfs noted about a directory. */
function readXattrs(
  dirfd: number,
  name: Buffer,
  archiveName: string,
  entry: TarEntry,
): { isOpaque: boolean } {
  const path = pathAt(dirfd, name);
  let isOpaque = false;
  const xattrs = new Map<string, Buffer>();
  for (const attribute of listXattrs(path)) {
    if (attribute === OPAQUE_XATTR) isOpaque = getXattr(path, attribute)?.toString() === "y";
    else if (attribute.startsWith(OVERLAY_XATTR_PREFIX)) assertPackable(attribute, archiveName);
    if (!isPortableXattr(attribute)) continue;
    const value = getXattr(path, attribute);
    if (value) xattrs.set(attribute, value);
  }
  if (xattrs.size > 0) entry.xattrs = xattrs;
  return { isOpaque };
}

/** With these the directory alone does not say what it holds. They come from overlay mount options that are never used here. */
function assertPackable(attribute: string, archiveName: string): void {
  if (attribute !== `${OVERLAY_XATTR_PREFIX}redirect` && attribute !== `${OVERLAY_XATTR_PREFIX}metacopy`)
    return;
  throw new GantryError("Internal", `${archiveName} was written by an overlay mount with ${attribute}`, {
    code: "Layer.Redirected",
  });
}

function typeOf(stats: Stats): TarEntryType | undefined {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  if (stats.isSymbolicLink()) return "symlink";
  if (stats.isCharacterDevice()) return "character-device";
  if (stats.isBlockDevice()) return "block-device";
  // A socket is nothing without the process that made it.
  return stats.isFIFO() ? "fifo" : undefined;
}
