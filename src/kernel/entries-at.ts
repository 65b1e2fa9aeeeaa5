import { constants, lstatSync, readdirSync, readlinkSync, type Stats } from "node:fs";
import { constants as osConstants } from "node:os";
import { errnoCode } from "../base/index.ts";
import { type FileName, openAt, setModified } from "./at-calls.ts";
import { fdPath, O_PATH } from "./in-root.ts";
import { errnoError } from "./libc.ts";
import { reopenFile } from "./regular-file.ts";

const { ELOOP, ENOENT, ENOTDIR } = osConstants.errno;
const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;

/** lstat of a name in an open directory. */
export function statAt(dirfd: number, name: FileName): Stats | undefined {
  return lstatSync(pathAt(dirfd, name), { throwIfNoEntry: false });
}

/** The target of a link in an open directory; undefined when it is no link. */
export function readLinkAt(dirfd: number, name: FileName): Buffer | undefined {
  try {
    return readlinkSync(pathAt(dirfd, name), { encoding: "buffer" });
  } catch (error) {
    if (["EINVAL", "ENOENT"].includes(errnoCode(error) ?? "")) return undefined;
    throw error;
  }
}

/** A path for calls that have no form relative to a directory. Its last component must not be followed by the call. */
export function pathAt(dirfd: number, name: FileName): FileName {
  const directory = `${fdPath(dirfd)}/`;
  return typeof name === "string" ? directory + name : Buffer.concat([Buffer.from(directory), name]);
}

/** Names in an open directory, sorted by their bytes. */
export function namesIn(dirfd: number): Buffer[] {
  return readdirSync(fdPath(dirfd), { encoding: "buffer" }).sort(Buffer.compare);
}

/** Opens a directory in an open directory; undefined when it is none (any more), a link for instance. */
export function openDirectoryAt(dirfd: number, name: FileName): number | undefined {
  const fd = openAt(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (fd >= 0) return fd;
  if (fd === -ENOTDIR || fd === -ELOOP || fd === -ENOENT) return undefined;
  throw errnoError(-fd, "open directory", { name: String(name) });
}

/** Opens a regular file in an open directory for reading; undefined when it is none (any more). */
export function openFileAt(dirfd: number, name: FileName): number | undefined {
  const fd = openAt(dirfd, name, O_PATH | O_NOFOLLOW);
  if (fd === -ENOENT) return undefined;
  if (fd < 0) throw errnoError(-fd, "open file", { name: String(name) });
  return reopenFile(fd);
}

/** Sets the access and modification time of an open file. */
export function setTimes(fd: number, seconds: number, nanoseconds: number): void {
  const result = setModified(fd, seconds, nanoseconds);
  if (result < 0) throw errnoError(-result, "set times");
}
