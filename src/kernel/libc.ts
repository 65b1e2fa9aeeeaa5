import { createRequire } from "node:module";
import { constants } from "node:os";
import { type ErrorKind, GantryError } from "../base/index.ts";

/**
 * The C library's calls that Node lacks. Bound at the first use: loading the foreign function interface costs some
 * milliseconds that a start which needs no container should not pay.
 */
export interface Libc {
  mount: NativeMount;
  umount2(target: string, flags: number): number;
  unshare(flags: number): number;
  setns(fd: number, type: number): number;
  sethostname(name: string, length: number): number;
  setdomainname(name: string, length: number): number;
  chdir(path: string): number;
  fchdir(fd: number): number;
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  listen(fd: number, backlog: number): number;
  connect(fd: number, address: Uint8Array, length: number): number;
  getsockname(fd: number, address: Uint8Array, length: Uint8Array): number;
  setsockopt(fd: number, level: number, name: number, value: Uint8Array, length: number): number;
  send: NativeSend;
  recv(fd: number, buffer: Uint8Array, length: number, flags: number): number;
  statfs(path: string, buffer: Uint8Array): number;
  openat2(number: number, dirfd: number, path: string, how: Uint8Array, size: number): number;
  pidfdOpen(number: number, pid: number, flags: number): number;
  pidfdGetfd(number: number, pidfd: number, fd: number, flags: number): number;
}

type MountArguments = [
  source: string,
  target: string,
  fstype: string | null,
  flags: number,
  data: string | null,
];
type NativeMount = ((...args: MountArguments) => number) & {
  async(...args: [...MountArguments, done: (error: Error | null, result: number) => void]): void;
};

type NativeSend = ((fd: number, buffer: Uint8Array, length: number, flags: number) => number) & {
  /** The same call on a worker thread. */
  async(
    fd: number,
    buffer: Uint8Array,
    length: number,
    flags: number,
    done: (error: Error | null, result: number) => void,
  ): void;
};

type Koffi = typeof import("koffi");

let koffiModule: Koffi | undefined;
let bound: Libc | undefined;

export function koffi(): Koffi {
  koffiModule ??= createRequire(import.meta.url)("koffi") as Koffi;
  return koffiModule;
}

export function libc(): Libc {
  bound ??= bindLibc();
  return bound;
}

function bindLibc(): Libc {
  const library = koffi().load("libc.so.6");
  const bind = (declaration: string) => library.func(declaration) as never;
  return {
    mount: bind(
      "int mount(const char *source, const char *target, const char *type, ulong flags, const char *data)",
    ),
    umount2: bind("int umount2(const char *target, int flags)"),
    unshare: bind("int unshare(int flags)"),
    setns: bind("int setns(int fd, int type)"),
    sethostname: bind("int sethostname(const char *name, size_t length)"),
    setdomainname: bind("int setdomainname(const char *name, size_t length)"),
    chdir: bind("int chdir(const char *path)"),
    fchdir: bind("int fchdir(int fd)"),
    socket: bind("int socket(int domain, int type, int protocol)"),
    bind: bind("int bind(int fd, void *address, uint length)"),
    listen: bind("int listen(int fd, int backlog)"),
    connect: bind("int connect(int fd, void *address, uint length)"),
    getsockname: bind("int getsockname(int fd, void *address, void *length)"),
    setsockopt: bind("int setsockopt(int fd, int level, int name, void *value, uint length)"),
    send: bind("long send(int fd, void *buffer, size_t length, int flags)"),
    recv: bind("long recv(int fd, void *buffer, size_t length, int flags)"),
    statfs: bind("int statfs(const char *path, void *buffer)"),
    openat2: library.func("syscall", "long", ["long", "int", "const char *", "void *", "size_t"]) as never,
    pidfdOpen: library.func("syscall", "long", ["long", "int", "uint"]) as never,
    pidfdGetfd: library.func("syscall", "long", ["long", "int", "int", "uint"]) as never,
  };
}

/** Returns a call's result, or throws what errno says when it is negative. */
export function check(result: number, operation: string, details: Record<string, unknown> = {}): number {
  if (result >= 0) return result;
  throw errnoError(koffi().errno(), operation, details);
}

const KIND_OF_ERRNO: Record<string, ErrorKind> = {
  ENOENT: "NotFound",
  ENODEV: "NotFound",
  ESRCH: "NotFound",
  EEXIST: "AlreadyExists",
  EPERM: "PermissionDenied",
  EACCES: "PermissionDenied",
  EBUSY: "Conflict",
  EADDRINUSE: "Conflict",
  EINVAL: "InvalidArgument",
  ENOTDIR: "InvalidArgument",
  ELOOP: "InvalidArgument",
  ENAMETOOLONG: "InvalidArgument",
  ENOSPC: "ResourceExhausted",
  ENOMEM: "ResourceExhausted",
  EMFILE: "ResourceExhausted",
  ENFILE: "ResourceExhausted",
  ENOSYS: "NotImplemented",
  EOPNOTSUPP: "NotImplemented",
  EPROTONOSUPPORT: "NotImplemented",
  ECONNREFUSED: "Unavailable",
};

let nameOfErrno: Map<number, string> | undefined;

/** The GantryError of an errno: `details.errno` is its name, `ENOENT`. */
export function errnoError(
  errno: number,
  operation: string,
  details: Record<string, unknown> = {},
): GantryError {
  nameOfErrno ??= new Map(Object.entries(constants.errno).map(([name, value]) => [value, name]));
  const name = nameOfErrno.get(errno) ?? `E${errno}`;
  return new GantryError(KIND_OF_ERRNO[name] ?? "Internal", `${operation}: ${name}`, {
    code: `Kernel.${name}`,
    details: { errno: name, ...details },
  });
}

/** True for an error of this module with that errno name. */
export function hasErrno(error: unknown, ...names: string[]): boolean {
  return error instanceof GantryError && names.includes(String(error.details?.errno));
}
