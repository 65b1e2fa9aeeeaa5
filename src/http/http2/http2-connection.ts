import {
  constants,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { Socket } from "node:net";
import { errorMessage, type Logger, systemClock } from "../../base/index.ts";
import type { HttpLimits } from "../limits.ts";
import type { ServeRequest } from "../request-carrier.ts";
import { HandlerQueue } from "./handler-queue.ts";
import { StreamRequest } from "./stream-request.ts";
import { StreamResponse } from "./stream-response.ts";

const { NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_FLAG_END_STREAM, NGHTTP2_NO_ERROR } = constants;

/**
 * What a client may send of one body before it is read, and in one frame (apiserver's resourceBody99Percentile): of most objects that
 * is all.
 */
const STREAM_WINDOW_BYTES = 256 * 1024;
const MAX_WINDOW_BYTES = 2 ** 31 - 1;
/** What may wait to be sent and what streams and headers take, in MB, as Node counts it. Beyond it streams are refused. */
const SESSION_MEMORY_MB = 64;
const MAX_SETTINGS_FRAMES = 1_000;
/** First the end is told without a last stream, so that those that are on their way are still served (RFC 9113 §6.8). */
const NO_LAST_STREAM = 2 ** 31 - 1;
/** Until the last stream is told: longer than a frame is on its way. As long a client may take to close the connection. */
const PARTING_MS = 1_000;

export interface Http2ConnectionOptions {
  limits: Required<HttpLimits>;
  /** Streams that a client may have open at a time. */
  maxStreams: number;
  /** The fraction of requests after which the client is to take another connection. */
  goawayChance: number;
  serve: ServeRequest;
  logger: Logger;
}

/** The connection of one client that speaks HTTP/2: its streams are served side by side. */
export class Http2Connection {
  readonly #socket: Socket;
  readonly #options: Http2ConnectionOptions;
  readonly #session: ServerHttp2Session;
  readonly #handlers: HandlerQueue;
  readonly #answers = new Set<StreamResponse>();
  #settingsFrames = 0;
  #idleSinceMs = systemClock.monotonicMs();
  #isParting = false;
  #isAsked = false;
  #written = { bytes: 0, atMs: systemClock.monotonicMs() };

  constructor(socket: Socket, options: Http2ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    const { limits, maxStreams, logger } = options;
    this.#handlers = new HandlerQueue(maxStreams, () => this.#giveUp("more streams are reset than served"));
    this.#session = performServerHandshake(socket, {
      maxSessionMemory: SESSION_MEMORY_MB,
      // Beyond it a stream is reset; up to it `maxHeaders` is answered.
      maxHeaderListPairs: 2 * limits.maxHeaders,
      strictSingleValueFields: false,
      settings: {
        maxConcurrentStreams: maxStreams,
        initialWindowSize: STREAM_WINDOW_BYTES,
        maxFrameSize: STREAM_WINDOW_BYTES,
        maxHeaderListSize: limits.maxHeaderBytes,
      },
    });
    this.#session.setLocalWindowSize(Math.min(STREAM_WINDOW_BYTES * maxStreams, MAX_WINDOW_BYTES));
    this.#session.on("remoteSettings", () => {
      // nghttp2 counts most frames that nobody needs many of, and these not.
      if (++this.#settingsFrames > MAX_SETTINGS_FRAMES) this.#giveUp("too many settings");
    });
    this.#session.on("stream", (stream, _headers, flags, ...[raw]: unknown[]) =>
      this.#take(stream, flags, raw as string[]),
    );
    // Who sends nothing more cannot take anything more either, without windows (x/net's http2, serverConn.processFrameFromReader).
    socket.on("end", () => socket.destroy());
    this.#session.on("error", (error) => logger.debug("HTTP/2 failed", { error: errorMessage(error) }));
  }

  /** Looks after those that keep others waiting, or the server; to be called every second or so. */
  sweep(nowMs: number): void {
    const { answerStallMs, keepAliveTimeoutMs, handshakeTimeoutMs, closeTimeoutMs } = this.#options.limits;
    for (const answer of this.#answers) if (answer.stalledMs(nowMs) >= answerStallMs) answer.destroy();
    if (this.#stuckMs(nowMs) >= answerStallMs) this.#socket.destroy();
    if (this.#answers.size > 0) this.#idleSinceMs = nowMs;
    const idleMs = nowMs - this.#idleSinceMs;
    this.#askWhetherThere(idleMs >= answerStallMs);
    // Whoever reads nothing does not notice that it is to go.
    if (this.#isParting || this.#session.destroyed) {
      if (idleMs >= closeTimeoutMs) this.#socket.destroy();
    } else if (idleMs >= (this.#settingsFrames > 0 ? keepAliveTimeoutMs : handshakeTimeoutMs)) this.part();
  }

  /** Of a client that has gone while a write hung nobody would hear: a ping gets stuck too. */
  #askWhetherThere(isLongIdle: boolean): void {
    if (isLongIdle && !this.#isAsked && !this.#session.destroyed) this.#session.ping(() => {});
    this.#isAsked = isLongIdle;
  }

  /** For how long nothing has gone out of what is to go out. While a write hangs Node does not hear either that the client has gone. */
  #stuckMs(nowMs: number): number {
    const { bytesWritten: bytes } = this.#socket;
    const waits = (this.#session.state.outboundQueueSize ?? 0) > 0;
    if (!waits || bytes !== this.#written.bytes) this.#written = { bytes, atMs: nowMs };
    return nowMs - this.#written.atMs;
  }

  /** Takes no further streams; the connection ends with those that there are. */
  part(): void {
    if (this.#session.destroyed) return;
    this.#tellOfParting();
    this.#session.close();
  }

  /** As `part`, and streams that are on their way are served too. */
  #partSlowly(): void {
    if (this.#isParting || this.#session.destroyed) return;
    this.#tellOfParting();
    systemClock.after(PARTING_MS, () => this.part(), { unref: true });
  }

  #tellOfParting(): void {
    if (this.#isParting) return;
    this.#isParting = true;
    this.#session.goaway(NGHTTP2_NO_ERROR, NO_LAST_STREAM);
  }

  #giveUp(why: string): void {
    this.#session.destroy(new Error(why), NGHTTP2_ENHANCE_YOUR_CALM);
  }

  #take(stream: ServerHttp2Stream, flags: number, rawHeaders: readonly string[]): void {
    // Reset already; that its error is heard is all it needs.
    stream.on("error", () => {});
    if (stream.destroyed || stream.closed) return;
    const hasBody = (flags & NGHTTP2_FLAG_END_STREAM) === 0;
    const req = new StreamRequest(stream, this.#socket, rawHeaders, hasBody);
    const res = new StreamResponse(stream, { isToHead: req.method === "HEAD" });
    this.#answers.add(res);
    res.on("error", () => {});
    res.on("close", () => {
      this.#answers.delete(res);
      if (this.#answers.size === 0) this.#idleSinceMs = systemClock.monotonicMs();
    });
    res.on("finish", () => {
      // The rest of its body is not wanted (RFC 9113 §8.1).
      if (!req.complete) stream.close(NGHTTP2_NO_ERROR);
      req.destroy();
    });
    if (hasBody && req.headers.expect?.toLowerCase() === "100-continue")
      stream.additionalHeaders({ ":status": 100 });
    if (Math.random() < this.#options.goawayChance) this.#partSlowly();
    // Where this request ends is not in doubt, and no other one depends on it.
    const carrier = { endAfterAnswer: () => {} };
    this.#handlers.run(
      () => this.#options.serve(req, res, carrier),
      () => res.destroyed,
    );
  }
}
