import { closeSync, constants, openSync } from "node:fs";
import { isIPv4, Socket } from "node:net";
import { basename, dirname } from "node:path";
import { GantryError } from "../base/index.ts";
import { ipBytes } from "./ip-bytes.ts";
import { check, libc } from "./libc.ts";
import { inNetworkNamespace } from "./namespaces.ts";

const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_SEQPACKET = 5;
const SOCK_CLOEXEC = 0o2000000;
const IPPROTO_SCTP = 132;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const O_PATH = 0o10000000;
const SUN_PATH_BYTES = 108;

/** Connects to a unix socket of type SOCK_SEQPACKET, which Node cannot; returns the descriptor for fs.write and fs.close. */
export function connectSeqpacket(path: string): number {
  const fd = check(libc().socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), "socket(AF_UNIX)");
  try {
    withShortPath(path, (short) => {
      const address = unixAddress(short);
      check(libc().connect(fd, address, address.length), `connect ${path}`, { path });
    });
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** A socket's path has at most 107 bytes; longer ones are named through a descriptor of their directory. */
export function withShortPath(path: string, fn: (short: string) => void): void {
  if (Buffer.byteLength(path) < SUN_PATH_BYTES) {
    fn(path);
    return;
  }
  const dir = openSync(dirname(path), O_PATH | constants.O_DIRECTORY);
  try {
    fn(`/proc/self/fd/${dir}/${basename(path)}`);
  } finally {
    closeSync(dir);
  }
}

export function unixAddress(path: string): Buffer {
  const address = Buffer.alloc(2 + Buffer.byteLength(path) + 1);
  address.writeUInt16LE(AF_UNIX, 0);
  address.write(path, 2);
  return address;
}

/** A TCP connection made from inside a network namespace: to 127.0.0.1 there, say. */
export async function openTcpInNamespace(
  netnsPath: string,
  port: number,
  host = "127.0.0.1",
): Promise<Socket> {
  const family = isIPv4(host) ? AF_INET : AF_INET6;
  const fd = inNetworkNamespace(netnsPath, () =>
    check(libc().socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket(AF_INET)"),
  );
  const socket = new Socket({ fd, readable: true, writable: true, allowHalfOpen: true });
  return new Promise((resolve, reject) => {
    socket.once("error", (error) => {
      reject(
        new GantryError("Unavailable", `connect to port ${port} in the namespace: ${error.message}`, {
          code: "Kernel.ConnectFailed",
          cause: error,
        }),
      );
    });
    socket.connect({ host, port }, () => {
      socket.removeAllListeners("error");
      resolve(socket);
    });
  });
}

export interface PortHold {
  /** The port that is held: the one asked for, or the kernel's choice for 0. */
  port: number;
  /** The socket, should somebody want to accept from it after all. */
  fd: number;
  release(): void;
}

/**
 * Takes a port of the host so that nobody else can: a bound socket (for TCP a listening one, which nobody accepts from).
 * Conflict (`EADDRINUSE`) when somebody has it; NotFound-like `EADDRNOTAVAIL` when the address is not the host's.
 */
export function holdPort(protocol: "tcp" | "udp" | "sctp", address: string, port: number): PortHold {
  const family = isIPv4(address) ? AF_INET : AF_INET6;
  const type = protocol === "udp" ? SOCK_DGRAM : SOCK_STREAM;
  const fd = check(
    libc().socket(family, type | SOCK_CLOEXEC, protocol === "sctp" ? IPPROTO_SCTP : 0),
    `socket(${protocol})`,
  );
  try {
    if (protocol === "tcp") {
      // Lets the port be taken while connections of a former holder linger; a second listener is refused all the same.
      check(libc().setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, Buffer.from([1, 0, 0, 0]), 4), "setsockopt");
    }
    const socketAddress = inetAddress(family, address, port);
    check(libc().bind(fd, socketAddress, socketAddress.length), `bind ${address}:${port}/${protocol}`);
    if (protocol !== "udp") check(libc().listen(fd, 1), `listen ${address}:${port}/${protocol}`);
    return { fd, port: port || boundPort(fd), release: () => closeSync(fd) };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** struct sockaddr_in or sockaddr_in6. */
function inetAddress(family: number, address: string, port: number): Buffer {
  const out = Buffer.alloc(family === AF_INET ? 16 : 28);
  out.writeUInt16LE(family, 0);
  out.writeUInt16BE(port, 2);
  ipBytes(address).copy(out, family === AF_INET ? 4 : 8);
  return out;
}

function boundPort(fd: number): number {
  const address = Buffer.alloc(28);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(address.length);
  check(libc().getsockname(fd, address, length), "getsockname");
  return address.readUInt16BE(2);
}
