import type { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { type Duplex, PassThrough, type Readable, type Writable } from "node:stream";
import { invalidArgument, systemClock } from "../../base/index.ts";
import { MULTIPLEXED_STREAM, RAW_STREAM } from "./frames.ts";

/** How long a client may take to close its end after everything was sent. */
const LINGER_MS = 2_000;
const MAX_BODY_BYTES = 1024 * 1024;
const PROBE_MS = 2_000;
const KEEP_ALIVE_MS = 30_000;
const NOTHING = Buffer.alloc(0);

/** A connection that stops being HTTP: the container's streams run over it. */
export interface Hijacked {
  /** What the client sends; ends when it closes its side. */
  readonly input: Readable;
  readonly output: Writable;
  /** Aborts when the connection is gone. */
  readonly signal: AbortSignal;
  /** Answers the request; from now on everything is stream. `isMultiplexed` says so in its type. */
  accept(options: { isMultiplexed: boolean }): void;
  readonly accepted: boolean;
  /** Sends what is left and closes. */
  finish(): void;
}

/** Takes over the connection of an upgrade request whose body has been read; `rest` is what came after it. */
export function hijackUpgrade(socket: Duplex, rest: Buffer): Hijacked {
  const input = new PassThrough();
  const gone = new AbortController();
  let accepted = false;
  let finished = false;
  if (rest.length > 0) socket.unshift(rest);
  socket.on("close", () => {
    gone.abort();
    input.end();
  });
  socket.on("error", () => socket.destroy());
  watchForGone(socket);
  return {
    input,
    output: socket,
    signal: gone.signal,
    get accepted() {
      return accepted;
    },
    accept({ isMultiplexed }) {
      if (accepted || socket.destroyed) return;
      accepted = true;
      socket.write(
        `HTTP/1.1 101 UPGRADED\r\nContent-Type: ${isMultiplexed ? MULTIPLEXED_STREAM : RAW_STREAM}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`,
      );
      // Only now: what comes before the answer is not for the container.
      socket.pipe(input);
    },
    finish() {
      if (finished) return;
      finished = true;
      socket.unpipe(input);
      input.end();
      // Unread bytes would turn the close into a reset, which could cost the client what it has not read yet.
      socket.resume();
      socket.end();
      const cancel = systemClock.after(LINGER_MS, () => socket.destroy(), { unref: true });
      socket.on("close", cancel);
    },
  };
}

/**
 * A client that only ended its input looks like one that was killed, until something is written to it. So from then on
 * nothing is written now and then: a Unix socket fails even that (EPIPE) when nobody is left at the other end. Over TCP
 * it takes keep-alive probes.
 */
function watchForGone(socket: Duplex): void {
  if (socket instanceof Socket) socket.setKeepAlive(true, KEEP_ALIVE_MS);
  socket.on("end", () => {
    const cancel = systemClock.every(PROBE_MS, () => socket.writable && socket.write(NOTHING), {
      unref: true,
    });
    socket.on("close", cancel);
  });
}

/**
 * Reads the body of an upgrade request, which Node leaves on the connection. Returns it with what follows it. Only bodies
 * with a length: a chunked one is refused.
 */
export async function readUpgradeBody(
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<{ body: Buffer; rest: Buffer }> {
  if (req.headers["transfer-encoding"] !== undefined) {
    return readChunkedBody(socket, head);
  }
  const length = Number(req.headers["content-length"] ?? 0);
  if (!Number.isSafeInteger(length) || length < 0 || length > MAX_BODY_BYTES) {
    throw invalidArgument("the request's body is too large", { code: "TooLarge" });
  }
  const bytes = await readUntil(socket, head, (received) => received.length >= length);
  return { body: bytes.subarray(0, length), rest: bytes.subarray(length) };
}

async function readChunkedBody(socket: Duplex, head: Buffer): Promise<{ body: Buffer; rest: Buffer }> {
  let result: { body: Buffer; rest: Buffer } | undefined;
  await readUntil(socket, head, (received) => {
    result = decodeChunks(received);
    return result !== undefined;
  });
  return result!;
}

/** The whole chunked body at the start of `bytes`, or undefined while it is not complete (RFC 9112 §7.1). */
function decodeChunks(bytes: Buffer): { body: Buffer; rest: Buffer } | undefined {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd < 0) return undefined;
    const line = bytes.toString("latin1", at, lineEnd);
    const size = /^[0-9a-fA-F]{1,6}(?:;.*)?$/.test(line) ? Number.parseInt(line, 16) : Number.NaN;
    if (Number.isNaN(size))
      throw invalidArgument("the request's body is not a chunked one", { code: "DockerApi.Body" });
    at = lineEnd + 2;
    if (bytes.length < at + size + 2) return undefined;
    if (size === 0) return { body: Buffer.concat(parts), rest: bytes.subarray(at + 2) };
    parts.push(bytes.subarray(at, at + size));
    at += size + 2;
  }
}

function readUntil(socket: Duplex, head: Buffer, isComplete: (received: Buffer) => boolean): Promise<Buffer> {
  if (isComplete(head)) return Promise.resolve(head);
  return new Promise((resolve, reject) => {
    let received = head;
    const cleanUp = () => {
      socket.off("data", onData).off("end", onEnd).off("close", onEnd);
      socket.pause();
    };
    const onData = (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      try {
        if (received.length > MAX_BODY_BYTES)
          throw invalidArgument("the request's body is too large", { code: "TooLarge" });
        if (!isComplete(received)) return;
        cleanUp();
        resolve(received);
      } catch (error) {
        cleanUp();
        reject(error);
      }
    };
    const onEnd = () => {
      cleanUp();
      reject(invalidArgument("the request's body ended early", { code: "DockerApi.Body" }));
    };
    socket.on("data", onData).on("end", onEnd).on("close", onEnd);
  });
}
