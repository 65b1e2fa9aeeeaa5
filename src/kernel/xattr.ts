import { constants } from "node:os";
import { cString, type FileName } from "./at-calls.ts";
import { errnoError, koffi } from "./libc.ts";

interface XattrLibrary {
  lgetxattr(path: Buffer, name: Buffer, value: Buffer, size: number): number;
  lsetxattr(path: Buffer, name: Buffer, value: Buffer, size: number, flags: number): number;
  lremovexattr(path: Buffer, name: Buffer): number;
  llistxattr(path: Buffer, list: Buffer, size: number): number;
  fgetxattr(fd: number, name: Buffer, value: Buffer, size: number): number;
  fsetxattr(fd: number, name: Buffer, value: Buffer, size: number, flags: number): number;
}

/** A file by its path, a link at its end not followed, or by an open descriptor. */
export type XattrTarget = FileName | number;

const { ENODATA, ENOENT, ENOTSUP, ERANGE } = constants.errno;
/** XATTR_SIZE_MAX and XATTR_LIST_MAX of linux/limits.h. */
const MAX_BYTES = 64 * 1024;

let bound: XattrLibrary | undefined;
let scratch: Buffer | undefined;

function library(): XattrLibrary {
  bound ??= bindLibrary();
  return bound;
}

function bindLibrary(): XattrLibrary {
  const libc = koffi().load("libc.so.6");
  const bind = (declaration: string) => libc.func(declaration) as never;
  return {
    lgetxattr: bind("long lgetxattr(const void *path, const void *name, void *value, size_t size)"),
    lsetxattr: bind(
      "int lsetxattr(const void *path, const void *name, const void *value, size_t size, int flags)",
    ),
    lremovexattr: bind("int lremovexattr(const void *path, const void *name)"),
    llistxattr: bind("long llistxattr(const void *path, void *list, size_t size)"),
    fgetxattr: bind("long fgetxattr(int fd, const void *name, void *value, size_t size)"),
    fsetxattr: bind("int fsetxattr(int fd, const void *name, const void *value, size_t size, int flags)"),
  };
}

/** Names of a file's extended attributes, links not followed; none where the file system has no such thing, or no such file. */
export function listXattrs(path: FileName): string[] {
  scratch ??= Buffer.alloc(MAX_BYTES);
  const length = Number(library().llistxattr(cString(path), scratch, scratch.length));
  if (length < 0) {
    const errno = koffi().errno();
    if (errno === ENOTSUP || errno === ENOENT) return [];
    throw errnoError(errno, "list extended attributes");
  }
  return length === 0 ? [] : scratch.toString("utf8", 0, length - 1).split("\0");
}

/** An extended attribute's value, or undefined when the file has none of that name. */
export function getXattr(target: XattrTarget, name: string): Buffer | undefined {
  scratch ??= Buffer.alloc(MAX_BYTES);
  const length = Number(
    typeof target === "number"
      ? library().fgetxattr(target, cString(name), scratch, scratch.length)
      : library().lgetxattr(cString(target), cString(name), scratch, scratch.length),
  );
  if (length >= 0) return Buffer.from(scratch.subarray(0, length));
  const errno = koffi().errno();
  if ([ENODATA, ENOENT, ENOTSUP, ERANGE].includes(errno)) return undefined;
  throw errnoError(errno, `read extended attribute ${name}`);
}

export function setXattr(target: XattrTarget, name: string, value: Uint8Array): void {
  const bytes = Buffer.from(value);
  const result =
    typeof target === "number"
      ? library().fsetxattr(target, cString(name), bytes, bytes.length, 0)
      : library().lsetxattr(cString(target), cString(name), bytes, bytes.length, 0);
  if (result < 0) throw errnoError(koffi().errno(), `set extended attribute ${name}`);
}

/** Fine when there is none. */
export function removeXattr(path: FileName, name: string): void {
  if (library().lremovexattr(cString(path), cString(name)) >= 0) return;
  const errno = koffi().errno();
  if (errno !== ENODATA) throw errnoError(errno, `remove extended attribute ${name}`);
}
