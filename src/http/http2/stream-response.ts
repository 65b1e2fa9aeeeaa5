import { type OutgoingHttpHeaders, validateHeaderName, validateHeaderValue } from "node:http";
import { constants, type ServerHttp2Stream } from "node:http2";
import { Writable } from "node:stream";
import type { HttpResponse } from "../http-response.ts";

/** What waits at a time for the client's window: who takes so much now and then is not stalled. */
const PIECE_BYTES = 64 * 1024;

/** These speak of a connection of HTTP/1.1; with one of them an answer is malformed (RFC 9113 §8.2.2). */
const OF_A_CONNECTION = new Set([
  "connection",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
]);
const WITHOUT_BODY = new Set([204, 205, 304]);

type Bytes = Uint8Array | string;

/** The answer on a stream of HTTP/2. It is reset where it is destroyed before its end, so that nobody takes it for whole. */
export class StreamResponse extends Writable implements HttpResponse {
  statusCode = 200;
  readonly #stream: ServerHttp2Stream;
  readonly #headers: OutgoingHttpHeaders = {};
  readonly #isToHead: boolean;
  #hasHead = false;
  #isBegun = false;
  /** Undefined where none are expected. */
  #trailers: OutgoingHttpHeaders | undefined;
  /** Goes out together with the end. */
  #last: Bytes | undefined;
  /** Once all of the answer is with the stream. */
  #whenSent: (() => void) | undefined;
  #isSent = false;
  #taken = 0;
  /** How much was taken when bytes were seen waiting, and since when that is so. */
  #seen: { taken: number; atMs: number } | undefined;

  constructor(stream: ServerHttp2Stream, { isToHead }: { isToHead: boolean }) {
    super({ decodeStrings: false, highWaterMark: PIECE_BYTES });
    this.#stream = stream;
    this.#isToHead = isToHead;
    const { session } = stream;
    stream.on("close", () => {
      // A stream that is over at once does not say anymore that its last bytes are gone.
      if (stream.rstCode === constants.NGHTTP2_NO_ERROR && !session?.destroyed) this.#whenSent?.();
      if (!this.#isSent) this.destroy();
    });
  }

  get headersSent(): boolean {
    return this.#hasHead;
  }

  setHeader(name: string, value: number | string | readonly string[]): this {
    if (this.#hasHead) throw new Error(`the header ${name} is set after the answer has begun`);
    validateHeaderName(name);
    if (typeof value === "string") validateHeaderValue(name, value);
    else for (const one of [value].flat()) validateHeaderValue(name, String(one));
    const key = name.toLowerCase();
    if (!OF_A_CONNECTION.has(key)) this.#headers[key] = value as OutgoingHttpHeaders[string];
    return this;
  }

  getHeader(name: string): number | string | string[] | undefined {
    return this.#headers[name.toLowerCase()];
  }

  writeHead(status: number, headers: OutgoingHttpHeaders = {}): this {
    if (this.#hasHead) throw new Error("the answer has begun already");
    for (const name in headers) {
      const value = headers[name];
      if (value !== undefined) this.setHeader(name, value);
    }
    this.statusCode = status;
    this.#hasHead = true;
    return this;
  }

  flushHeaders(): void {
    this.#begin();
  }

  expectTrailers(): void {
    this.#trailers ??= {};
  }

  addTrailers(trailers: OutgoingHttpHeaders): void {
    if (this.#trailers) Object.assign(this.#trailers, trailers);
  }

  /**
   * For how long the client has taken nothing of what waits for it, as far as this is asked for again and again; 0 where nothing
   * waits.
   */
  stalledMs(nowMs: number): number {
    const waits = this.writableLength > 0 || (this.writableEnded && !this.writableFinished);
    if (!waits) this.#seen = undefined;
    else if (this.#seen?.taken !== this.#taken) this.#seen = { taken: this.#taken, atMs: nowMs };
    return this.#seen ? nowMs - this.#seen.atMs : 0;
  }

  override end(...args: unknown[]): this {
    const [chunk] = args;
    // The end shares a frame with the last bytes, where they are known to be the last.
    if (this.writableLength === 0 && !this.writableEnded && !this.destroyed && isShort(chunk)) {
      if (chunk.length > 0) this.#last = chunk;
      args[0] = undefined;
    }
    return super.end(...(args as Parameters<Writable["end"]>));
  }

  override _write(chunk: Bytes, encoding: BufferEncoding, done: () => void): void {
    if (!this.#begin() || !this.#hasBody) done();
    else if (isShort(chunk)) this.#stream.write(chunk, encoding, this.#counting(done));
    else this.#writeLong(typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk, done);
  }

  override _writev(chunks: { chunk: Bytes; encoding: BufferEncoding }[], done: () => void): void {
    const bytes = chunks.map(({ chunk, encoding }) =>
      typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk,
    );
    this._write(bytes.length === 1 ? bytes[0]! : Buffer.concat(bytes), "utf8", done);
  }

  override _final(done: () => void): void {
    const chunk = this.#last;
    this.#last = undefined;
    const stream = this.#stream;
    if (!this.#begin({ isWhole: chunk === undefined }) || stream.writableFinished) {
      done();
      return;
    }
    const whenSent = () => {
      if (this.#isSent) return;
      this.#isSent = true;
      done();
    };
    this.#whenSent = whenSent;
    // Whoever closes the stream after that takes from it what has not gone out.
    if (this.#trailers) stream.on("wantTrailers", () => setImmediate(whenSent));
    else stream.on("finish", whenSent);
    if (chunk !== undefined && this.#hasBody) stream.end(chunk);
    else if (!stream.writableEnded) stream.end();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    // Not `close`: that ends the answer in good order before it resets the stream.
    if (!this.writableFinished && !this.#stream.destroyed)
      this.#stream.destroy(new Error("the answer was cut"));
    done(error);
  }

  get #hasBody(): boolean {
    return !this.#isToHead && !WITHOUT_BODY.has(this.statusCode);
  }

  #writeLong(bytes: Uint8Array, done: () => void): void {
    const rest = bytes.subarray(PIECE_BYTES);
    const next = rest.length > 0 ? () => this.#writeLong(rest, done) : done;
    this.#stream.write(bytes.subarray(0, PIECE_BYTES), this.#counting(next));
  }

  #counting(done: () => void): () => void {
    return () => {
      this.#taken++;
      done();
    };
  }

  /** Sends the head where it is not sent. False when nobody is there any more. */
  #begin({ isWhole } = { isWhole: false }): boolean {
    if (this.#isBegun) return true;
    if (this.#stream.destroyed || this.#stream.closed) return false;
    this.#hasHead = true;
    this.#isBegun = true;
    this.#headers[":status"] = this.statusCode;
    const trailers = this.#trailers;
    if (trailers) this.#stream.on("wantTrailers", () => this.#stream.sendTrailers(trailers));
    this.#stream.respond(this.#headers, {
      endStream: isWhole && !trailers,
      waitForTrailers: trailers !== undefined,
    });
    return true;
  }
}

function isShort(chunk: unknown): chunk is Bytes {
  return (typeof chunk === "string" || chunk instanceof Uint8Array) && chunk.length <= PIECE_BYTES;
}
