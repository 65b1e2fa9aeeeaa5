import { type OutgoingHttpHeaders, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { systemClock } from "../base/index.ts";

/** How long a client may take to read a refusal. */
const LINGER_MS = 1_000;

/**
 * Answers on the bare connection and closes it: nothing that follows on it is looked at, so that a refused upgrade leaves no
 * tunnel behind (CVE-2018-1002105).
 */
export function refuse(
  socket: Duplex,
  status: number,
  message: string,
  contentType = "text/plain; charset=utf-8",
  headers: OutgoingHttpHeaders = {},
): void {
  if (socket.destroyed) return;
  const body = Buffer.from(message);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Error"}`,
    `Content-Type: ${contentType}`,
    `Content-Length: ${body.length}`,
    ...Object.entries(headers)
      .filter(([name]) => name !== "content-type")
      .map(([name, value]) => `${name}: ${value}`),
    "Connection: close",
    "\r\n",
  ].join("\r\n");
  socket.on("error", () => socket.destroy());
  socket.end(Buffer.concat([Buffer.from(head), body]));
  linger(socket);
}

/**
 * After the last byte of an answer on a bare connection: what the client still sends is read and dropped for a moment, because closing
 * with bytes unread would reset the connection under our answer.
 */
export function linger(socket: Duplex): void {
  socket.resume();
  const cancel = systemClock.after(LINGER_MS, () => socket.destroy(), { unref: true });
  socket.on("close", cancel);
}
