import type { Duplex } from "node:stream";

/** No protocol lets a client send before it is answered; this is for what has come along with the request. */
const LIMIT_BYTES = 64 * 1024;

/**
 * What a client sends before its upgrade is answered. It is read all the while, because of a connection that nobody reads Node does not
 * say that it is gone.
 */
export class EarlyBytes {
  readonly #socket: Duplex;
  readonly #chunks: Buffer[];
  #size: number;

  constructor(socket: Duplex, head: Buffer) {
    this.#socket = socket;
    this.#chunks = [head];
    this.#size = head.length;
    socket.on("data", this.#onData).on("end", this.#onEnd);
  }

  /** Ends the reading; returns what has come. */
  take(): Buffer {
    this.#socket.off("data", this.#onData).off("end", this.#onEnd).pause();
    return Buffer.concat(this.#chunks, this.#size);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#size += chunk.length;
    if (this.#size > LIMIT_BYTES) this.#socket.destroy();
    else this.#chunks.push(chunk);
  };

  readonly #onEnd = (): void => {
    this.#socket.destroy();
  };
}
