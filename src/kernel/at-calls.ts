import { koffi } from "./libc.ts";

/** A name of one path component, or a path: text, or bytes where it is not UTF-8. */
export type FileName = string | Buffer;

/**
 * The calls that work relative to an open directory, which Node lacks. Each returns a negative errno on failure, because
 * to most callers EEXIST and ENOENT are answers and not errors. Names never follow a symbolic link at their end.
 */
interface AtLibrary {
  openat(dirfd: number, name: Buffer, flags: number, mode: number): number;
  mkdirat(dirfd: number, name: Buffer, mode: number): number;
  mknodat(dirfd: number, name: Buffer, mode: number, device: bigint): number;
  symlinkat(target: Buffer, dirfd: number, name: Buffer): number;
  linkat(fromFd: number, from: Buffer, toFd: number, to: Buffer, flags: number): number;
  unlinkat(dirfd: number, name: Buffer, flags: number): number;
  renameat(fromFd: number, from: Buffer, toFd: number, to: Buffer): number;
  fchownat(dirfd: number, name: Buffer, uid: number, gid: number, flags: number): number;
  fchmodat(dirfd: number, name: Buffer, mode: number, flags: number): number;
  utimensat(dirfd: number, name: Buffer, times: Buffer, flags: number): number;
  futimens(fd: number, times: Buffer): number;
  syncfs: ((fd: number) => number) & {
    async(fd: number, done: (error: Error | null, result: number) => void): void;
  };
}

const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_REMOVEDIR = 0x200;

let bound: AtLibrary | undefined;

function library(): AtLibrary {
  bound ??= bindLibrary();
  return bound;
}

function bindLibrary(): AtLibrary {
  const libc = koffi().load("libc.so.6");
  const bind = (declaration: string) => libc.func(declaration) as never;
  return {
    openat: bind("int openat(int dirfd, const void *name, int flags, uint mode)"),
    mkdirat: bind("int mkdirat(int dirfd, const void *name, uint mode)"),
    mknodat: bind("int mknodat(int dirfd, const void *name, uint mode, uint64_t device)"),
    symlinkat: bind("int symlinkat(const void *target, int dirfd, const void *name)"),
    linkat: bind("int linkat(int from, const void *name, int to, const void *newName, int flags)"),
    unlinkat: bind("int unlinkat(int dirfd, const void *name, int flags)"),
    renameat: bind("int renameat(int from, const void *name, int to, const void *newName)"),
    fchownat: bind("int fchownat(int dirfd, const void *name, uint uid, uint gid, int flags)"),
    fchmodat: bind("int fchmodat(int dirfd, const void *name, uint mode, int flags)"),
    utimensat: bind("int utimensat(int dirfd, const void *name, const void *times, int flags)"),
    futimens: bind("int futimens(int fd, const void *times)"),
    syncfs: bind("int syncfs(int fd)"),
  };
}

const outcome = (result: number): number => (result >= 0 ? result : -koffi().errno());

/** A name as C wants it. */
export function cString(name: FileName): Buffer {
  return typeof name === "string" ? Buffer.from(`${name}\0`) : Buffer.concat([name, Buffer.of(0)]);
}

export function openAt(dirfd: number, name: FileName, flags: number, mode = 0): number {
  return outcome(library().openat(dirfd, cString(name), flags | 0o2000000, mode));
}

export function mkdirAt(dirfd: number, name: FileName, mode: number): number {
  return outcome(library().mkdirat(dirfd, cString(name), mode));
}

/** `mode` carries the type (S_IFCHR, S_IFBLK, S_IFIFO). Whoever lacks CAP_MKNOD gets EPERM, except for fifos and 0/0. */
export function mknodAt(dirfd: number, name: FileName, mode: number, major: number, minor: number): number {
  return outcome(library().mknodat(dirfd, cString(name), mode, deviceNumber(major, minor)));
}

export function symlinkAt(target: FileName, dirfd: number, name: FileName): number {
  return outcome(library().symlinkat(cString(target), dirfd, cString(name)));
}

/** A second name for a file; a symbolic link gets a second name itself. */
export function linkAt(fromFd: number, from: FileName, toFd: number, to: FileName): number {
  return outcome(library().linkat(fromFd, cString(from), toFd, cString(to), 0));
}

export function unlinkAt(dirfd: number, name: FileName): number {
  return outcome(library().unlinkat(dirfd, cString(name), 0));
}

export function rmdirAt(dirfd: number, name: FileName): number {
  return outcome(library().unlinkat(dirfd, cString(name), AT_REMOVEDIR));
}

export function renameAt(fromFd: number, from: FileName, toFd: number, to: FileName): number {
  return outcome(library().renameat(fromFd, cString(from), toFd, cString(to)));
}

export function chownAt(dirfd: number, name: FileName, uid: number, gid: number): number {
  return outcome(library().fchownat(dirfd, cString(name), uid, gid, AT_SYMLINK_NOFOLLOW));
}

/** EOPNOTSUPP for a symbolic link, which has no mode of its own. */
export function chmodAt(dirfd: number, name: FileName, mode: number): number {
  return outcome(library().fchmodat(dirfd, cString(name), mode, AT_SYMLINK_NOFOLLOW));
}

export function setModifiedAt(dirfd: number, name: FileName, seconds: number, nanoseconds: number): number {
  return outcome(
    library().utimensat(dirfd, cString(name), timespecs(seconds, nanoseconds), AT_SYMLINK_NOFOLLOW),
  );
}

/** Access and modification time of what the descriptor stands for. */
export function setModified(fd: number, seconds: number, nanoseconds: number): number {
  return outcome(library().futimens(fd, timespecs(seconds, nanoseconds)));
}

/** Writes back everything of the descriptor's file system; on a worker thread, so that nobody waits for the disk. */
export function syncFileSystem(fd: number): Promise<number> {
  return new Promise((resolve, reject) => {
    library().syncfs.async(fd, (error, result) => (error ? reject(error) : resolve(result)));
  });
}

/** glibc's makedev(3). */
function deviceNumber(major: number, minor: number): bigint {
  const [high, low] = [BigInt(major), BigInt(minor)];
  return (
    ((high & 0xfffff000n) << 32n) | ((high & 0xfffn) << 8n) | ((low & 0xffffff00n) << 12n) | (low & 0xffn)
  );
}

function timespecs(seconds: number, nanoseconds: number): Buffer {
  const times = Buffer.alloc(32);
  for (const at of [0, 16]) {
    times.writeBigInt64LE(BigInt(seconds), at);
    times.writeBigInt64LE(BigInt(nanoseconds), at + 8);
  }
  return times;
}
