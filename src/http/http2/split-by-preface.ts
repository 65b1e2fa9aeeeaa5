import type { Socket } from "node:net";
import { systemClock } from "../../base/index.ts";

/** How a client of HTTP/2 begins (RFC 9113 §3.4): no request of HTTP/1.1 has this method. */
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/**
 * Looks at the first bytes of a connection without TLS, and gives it to whoever speaks its protocol, as if nobody had looked. One
 * that says nothing for so long is closed.
 */
export function splitByPreface(
  socket: Socket,
  timeoutMs: number,
  http2: (socket: Socket) => void,
  http1: (socket: Socket) => void,
): void {
  let seen: Buffer = Buffer.alloc(0);
  const cancel = systemClock.after(timeoutMs, () => socket.destroy(), { unref: true });
  const close = () => socket.destroy();
  const look = (chunk: Buffer) => {
    seen = seen.length > 0 ? Buffer.concat([seen, chunk]) : chunk;
    const length = Math.min(seen.length, PREFACE.length);
    const isPreface = seen.subarray(0, length).equals(PREFACE.subarray(0, length));
    if (isPreface && length < PREFACE.length) return;
    cancel();
    socket.off("data", look).off("error", close).off("close", cancel).pause();
    socket.unshift(seen);
    if (isPreface) http2(socket);
    else {
      http1(socket);
      socket.resume();
    }
  };
  socket.on("data", look).on("error", close).on("close", cancel);
}
