import { Duplex } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import type { RawData, WebSocket } from "ws";

const NORMAL_CLOSURE = 1000;

/** The messages of a WebSocket as one stream of bytes; with `isText` what is written leaves as texts. */
export class WebSocketDuplex extends Duplex {
  readonly #webSocket: WebSocket;
  readonly #decoder: StringDecoder | undefined;

  constructor(webSocket: WebSocket, { isText = false } = {}) {
    super({ allowHalfOpen: false });
    this.#webSocket = webSocket;
    // A text may not end within a character (RFC 6455 §5.6).
    if (isText) this.#decoder = new StringDecoder("utf8");
    webSocket.on("message", (data: RawData) => {
      if (!this.push(bytesOf(data))) webSocket.pause();
    });
    webSocket.on("close", () => {
      this.push(null);
      this.destroy();
    });
  }

  override _read(): void {
    this.#webSocket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#webSocket.send(this.#decoder ? this.#decoder.write(chunk) : chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#webSocket.close(NORMAL_CLOSURE);
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (this.writableFinished) this.#webSocket.close(NORMAL_CLOSURE);
    else this.#webSocket.terminate();
    done(error);
  }
}

export function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
