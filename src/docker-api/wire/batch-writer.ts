import type { ServerResponse } from "node:http";
import { writeChunk } from "../../http/index.ts";

/** So much is put together at most before it is written. */
const BATCH_BYTES = 64 * 1024;

/**
 * Writes many small pieces as fewer larger ones: what comes within one turn of the event loop goes out together, so that
 * nothing waits and a long log does not cost a system call a line.
 */
export class BatchWriter {
  readonly #res: ServerResponse;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #scheduled = false;
  /** The client has not taken yet what was written last. */
  #draining: Promise<boolean> | undefined;

  constructor(res: ServerResponse) {
    this.#res = res;
  }

  /** False when the client has gone. Waits while it is slower than we are. */
  async write(piece: Buffer): Promise<boolean> {
    while (this.#draining) await this.#draining;
    this.#pending.push(piece);
    this.#pendingBytes += piece.length;
    if (this.#pendingBytes >= BATCH_BYTES) return this.flush();
    if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => {
        this.#scheduled = false;
        void this.flush();
      });
    }
    return !this.#res.destroyed;
  }

  async flush(): Promise<boolean> {
    while (this.#draining) await this.#draining;
    if (this.#pendingBytes === 0) return !this.#res.destroyed;
    const chunk =
      this.#pending.length === 1 ? this.#pending[0]! : Buffer.concat(this.#pending, this.#pendingBytes);
    this.#pending = [];
    this.#pendingBytes = 0;
    const written = writeChunk(this.#res, chunk);
    if (typeof written === "boolean") return written;
    this.#draining = written.finally(() => {
      this.#draining = undefined;
    });
    return this.#draining;
  }
}
