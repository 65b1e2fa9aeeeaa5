import { closeSync } from "node:fs";
import { systemClock } from "../base/index.ts";
import { check, hasErrno, libc } from "./libc.ts";

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;

/**
 * Runs `fn` while no other process of this network namespace is inside the same lock: for short choices among what the
 * whole host shares (subnets, say). The lock is an abstract socket's name, and so ends with its holder. After
 * `waitMs` `fn` runs without it: anybody may hold such a name, and nobody shall be able to stop us with it.
 */
export function withHostLock<T>(name: string, fn: () => T, waitMs = 2000): T {
  const fd = acquire(name, waitMs);
  try {
    return fn();
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function acquire(name: string, waitMs: number): number | undefined {
  const address = abstractAddress(`gantry/${name}`);
  const fd = check(libc().socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket(AF_UNIX)");
  const deadlineMs = systemClock.monotonicMs() + waitMs;
  for (;;) {
    try {
      check(libc().bind(fd, address, address.length), `lock ${name}`);
      return fd;
    } catch (error) {
      if (hasErrno(error, "EADDRINUSE") && systemClock.monotonicMs() < deadlineMs) {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
        continue;
      }
      closeSync(fd);
      if (hasErrno(error, "EADDRINUSE")) return undefined;
      throw error;
    }
  }
}

/** struct sockaddr_un whose path begins with a NUL byte (unix(7)). */
function abstractAddress(name: string): Buffer {
  const address = Buffer.alloc(3 + Buffer.byteLength(name));
  address.writeUInt16LE(AF_UNIX, 0);
  address.write(name, 3);
  return address;
}
