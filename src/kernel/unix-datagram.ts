import { closeSync } from "node:fs";
import { check, errnoError, koffi, libc } from "./libc.ts";
import { unixAddress, withShortPath } from "./sockets.ts";

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

/** A connection to a Unix socket of datagrams, which Node cannot make. */
export interface UnixDatagrams {
  /** False: the receiver's queue is full. Throws what else the kernel says (`details.errno`). */
  send(datagram: Uint8Array): boolean;
  close(): void;
}

export function connectDatagrams(path: string): UnixDatagrams {
  const fd = check(libc().socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket(AF_UNIX)");
  try {
    withShortPath(path, (short) => {
      const address = unixAddress(short);
      check(libc().connect(fd, address, address.length), `connect ${path}`, { path });
    });
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  let open = true;
  return {
    send(datagram) {
      if (libc().send(fd, datagram, datagram.length, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return true;
      const error = errnoError(koffi().errno(), `send to ${path}`, { path });
      if (error.details?.errno === "EAGAIN") return false;
      throw error;
    },
    close() {
      if (open) closeSync(fd);
      open = false;
    },
  };
}
