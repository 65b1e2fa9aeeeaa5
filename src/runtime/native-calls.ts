import { createRequire } from "node:module";
import { GantryError } from "../base/index.ts";

/**
 * The few calls on sockets and terminals that conmon's and the runtimes' protocols need and Node lacks. All are
 * non-blocking: they are made on the main thread.
 */
interface Calls {
  send(fd: number, buffer: Uint8Array, length: number, flags: number): number;
  shutdown(fd: number, how: number): number;
  recvmsg(fd: number, message: object, flags: number): number;
  ioctl(fd: number, request: number, argument: Uint8Array): number;
  pipe2(fds: Uint8Array, flags: number): number;
  errno(): number;
}

const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x40000000;
const SHUT_RD = 0;
const SHUT_WR = 1;
const EAGAIN = 11;
const TIOCSWINSZ = 0x5414;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;

let bound: Calls | undefined;

function calls(): Calls {
  if (bound) return bound;
  const koffi = createRequire(import.meta.url)("koffi") as typeof import("koffi");
  const library = koffi.load("libc.so.6");
  const vector = koffi.struct({ base: "void *", length: "size_t" });
  const message = koffi.struct({
    name: "void *",
    nameLength: "uint",
    vectors: koffi.pointer(vector),
    vectorCount: "size_t",
    control: "void *",
    controlLength: "size_t",
    flags: "int",
  });
  bound = {
    send: library.func("long send(int fd, void *buffer, size_t length, int flags)") as never,
    shutdown: library.func("int shutdown(int fd, int how)") as never,
    recvmsg: library.func("recvmsg", "long", ["int", koffi.inout(koffi.pointer(message)), "int"]) as never,
    ioctl: library.func("int ioctl(int fd, ulong request, void *argument)") as never,
    pipe2: library.func("int pipe2(void *fds, int flags)") as never,
    errno: () => koffi.errno(),
  };
  return bound;
}

/** Sends one packet: `sent`, `full` (try again later), or `closed` by the other end. */
export function sendPacket(fd: number, packet: Uint8Array): "sent" | "full" | "closed" {
  if (calls().send(fd, packet, packet.length, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return "sent";
  return calls().errno() === EAGAIN ? "full" : "closed";
}

export function shutdownReading(fd: number): void {
  calls().shutdown(fd, SHUT_RD);
}

export function shutdownWriting(fd: number): void {
  calls().shutdown(fd, SHUT_WR);
}

const O_CLOEXEC = 0o2000000;

/**
 * A pipe of the kernel's. Node's own child pipes are sockets, which a process cannot open again as /dev/stdout.
 */
export function makePipe(): { readFd: number; writeFd: number } {
  const fds = Buffer.alloc(8);
  if (calls().pipe2(fds, O_CLOEXEC) < 0) {
    throw new GantryError("ResourceExhausted", `pipe2 failed with errno ${calls().errno()}`, {
      code: "Runtime.Pipe",
    });
  }
  return { readFd: fds.readInt32LE(0), writeFd: fds.readInt32LE(4) };
}

/** Sets the size of the terminal whose master (or slave) `fd` is; the kernel tells the foreground processes. */
export function setTerminalSize(fd: number, columns: number, rows: number): void {
  const size = Buffer.alloc(8);
  size.writeUInt16LE(Math.min(rows, 0xffff), 0);
  size.writeUInt16LE(Math.min(columns, 0xffff), 2);
  calls().ioctl(fd, TIOCSWINSZ, size);
}

/** Takes a file descriptor that was sent over the Unix socket `fd` (SCM_RIGHTS); undefined when none is there yet. */
export function receiveDescriptor(fd: number): number | undefined {
  const data = Buffer.alloc(4096);
  const control = Buffer.alloc(64);
  const message = {
    name: null,
    nameLength: 0,
    vectors: [{ base: data, length: data.length }],
    vectorCount: 1,
    control,
    controlLength: control.length,
    flags: 0,
  };
  const received = calls().recvmsg(fd, message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  // struct cmsghdr: length (8 bytes), level, type, then the descriptor.
  if (received < 0 || control.readBigUInt64LE(0) < 20n) return undefined;
  if (control.readInt32LE(8) !== SOL_SOCKET || control.readInt32LE(12) !== SCM_RIGHTS) return undefined;
  return control.readInt32LE(16);
}
