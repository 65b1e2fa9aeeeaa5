import { GantryError, notImplemented } from "../base/index.ts";

export type TarEntryType =
  | "file"
  | "hardlink"
  | "symlink"
  | "character-device"
  | "block-device"
  | "directory"
  | "fifo";

/** One member of a tar archive. Names are as they stand in the archive: neither cleaned nor safe to use as a path. */
export interface TarEntry {
  /** Bytes that are not UTF-8 are escaped as in byte-text.ts. */
  name: string;
  type: TarEntryType;
  /** Permission bits with setuid, setgid and sticky. */
  mode: number;
  uid: number;
  gid: number;
  /** Bytes of content that follow; 0 for everything but files. */
  sizeBytes: number;
  mtimeSeconds: number;
  mtimeNanoseconds: number;
  /** Target of a symlink; archive name of a hardlink's target. */
  linkName: string;
  userName: string;
  groupName: string;
  deviceMajor: number;
  deviceMinor: number;
  /** Extended attributes by full name (`security.capability`). */
  xattrs: ReadonlyMap<string, Buffer>;
}

export const TAR_BLOCK_BYTES = 512;
/** A pax header or a long name beyond this is refused, as Go's archive/tar does. */
export const MAX_SPECIAL_BYTES = 1 << 20;

const NO_XATTRS: ReadonlyMap<string, Buffer> = new Map();

/** An entry with everything absent at its usual value. */
export function tarEntry(fields: Pick<TarEntry, "name" | "type"> & Partial<TarEntry>): TarEntry {
  return {
    mode: fields.type === "directory" ? 0o755 : 0o644,
    uid: 0,
    gid: 0,
    sizeBytes: 0,
    mtimeSeconds: 0,
    mtimeNanoseconds: 0,
    linkName: "",
    userName: "",
    groupName: "",
    deviceMajor: 0,
    deviceMinor: 0,
    xattrs: NO_XATTRS,
    ...fields,
  };
}

export function malformed(what: string, offsetBytes: number): GantryError {
  return new GantryError("InvalidArgument", `invalid tar header: ${what} (at byte ${offsetBytes})`, {
    code: "Tar.Malformed",
    details: { offsetBytes },
  });
}

export function truncated(offsetBytes: number): GantryError {
  return new GantryError("InvalidArgument", `unexpected end of tar archive (at byte ${offsetBytes})`, {
    code: "Tar.Truncated",
    details: { offsetBytes },
  });
}

export function unsupported(what: string, offsetBytes: number): GantryError {
  return notImplemented(`tar archives with ${what} are not supported (at byte ${offsetBytes})`, {
    code: "Tar.Unsupported",
    details: { offsetBytes },
  });
}

/** Bytes of zeros after a body of that size. */
export function tarPaddingBytes(sizeBytes: number): number {
  return (TAR_BLOCK_BYTES - (sizeBytes % TAR_BLOCK_BYTES)) % TAR_BLOCK_BYTES;
}
