import { Duplex } from "node:stream";
import type { SpdyHeaders } from "./spdy-headers.ts";

/** What a stream needs of its connection. */
export interface SpdyStreamSink {
  sendData(streamId: number, chunk: Buffer, fin: boolean, done: (error?: Error | null) => void): void;
  sendReset(streamId: number): void;
  forget(streamId: number): void;
}

/** How much one stream may hold for a slow reader before the whole connection is not read any further. */
const BUFFER_BYTES = 256 * 1024;

/** One stream of a SPDY connection. Ending either half leaves the other open. */
export class SpdyStream extends Duplex {
  readonly streamId: number;
  readonly headers: SpdyHeaders;
  readonly #sink: SpdyStreamSink;
  #onRead: (() => void) | undefined;
  #remoteEnded = false;
  #remoteReset = false;

  constructor(streamId: number, headers: SpdyHeaders, sink: SpdyStreamSink) {
    super({ allowHalfOpen: true, readableHighWaterMark: BUFFER_BYTES });
    this.streamId = streamId;
    this.headers = headers;
    this.#sink = sink;
    this.on("close", () => sink.forget(streamId));
  }

  /** Takes what the other side sent; resolves when more may be sent. */
  async receive(chunk: Buffer, fin: boolean): Promise<void> {
    if (this.destroyed || this.#remoteEnded) return;
    const room = chunk.length === 0 || this.push(chunk);
    if (fin) this.receiveEnd();
    else if (!room) await this.#whenRead();
  }

  receiveEnd(): void {
    if (this.#remoteEnded || this.destroyed) return;
    this.#remoteEnded = true;
    this.push(null);
  }

  /** The other side gave the stream up. */
  receiveReset(): void {
    this.#remoteReset = true;
    this.receiveEnd();
    this.destroy();
  }

  override _read(): void {
    this.#onRead?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#sink.sendData(this.streamId, chunk, false, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#sink.sendData(this.streamId, Buffer.alloc(0), true, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const bothEnded = this.#remoteEnded && this.writableFinished;
    if (!this.#remoteReset && !bothEnded) this.#sink.sendReset(this.streamId);
    this.#onRead?.();
    done(error);
  }

  #whenRead(): Promise<void> {
    return new Promise((resolve) => {
      this.#onRead = () => {
        this.#onRead = undefined;
        resolve();
      };
    });
  }
}
