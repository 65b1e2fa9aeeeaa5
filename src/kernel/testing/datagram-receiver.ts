import { closeSync, rmSync } from "node:fs";
import { check, libc } from "../libc.ts";
import { unixAddress } from "../sockets.ts";

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const MSG_DONTWAIT = 0x40;

/** A Unix socket of datagrams that keeps what comes. For tests only. */
export function receiveDatagrams(path: string): { take(): string[]; close(): void } {
  const fd = check(libc().socket(AF_UNIX, SOCK_DGRAM, 0), "socket");
  const address = unixAddress(path);
  check(libc().bind(fd, address, address.length), "bind");
  const buffer = Buffer.alloc(65_536);
  return {
    take() {
      const found: string[] = [];
      for (;;) {
        const length = Number(libc().recv(fd, buffer, buffer.length, MSG_DONTWAIT));
        if (length < 0) return found;
        found.push(buffer.toString("utf8", 0, length));
      }
    },
    close() {
      closeSync(fd);
      rmSync(path, { force: true });
    },
  };
}
