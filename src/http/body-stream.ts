import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { bodyCut } from "./body.ts";

/**
 * The body as a stream for whoever may stop or fail in its midst. The request itself is not destroyed by that, and its connection
 * lives: the server drops what is left, so that the client gets to read the answer. (A pipeline or an iteration over the request
 * itself would take the connection from it: `destroyer` in Node's lib/internal/streams/destroy.js.) A body that ends early fails
 * the stream with InvalidArgument (`Http.BodyCut`).
 */
export function bodyStream(req: IncomingMessage): Readable {
  return new BodyStream(req);
}

class BodyStream extends Readable {
  readonly #req: IncomingMessage;

  constructor(req: IncomingMessage) {
    super();
    this.#req = req;
    // It may break before anybody reads it; who reads it later still hears of it.
    this.on("error", () => {});
    if (req.readableEnded) this.push(null);
    else if (req.destroyed) this.destroy(bodyCut());
    else
      req.on("data", this.#onData).on("end", this.#onEnd).on("error", this.#onCut).on("close", this.#onCut);
  }

  override _read(): void {
    this.#req.resume();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#detach();
    this.#req.pause();
    done(error);
  }

  readonly #onData = (chunk: Buffer): void => {
    if (!this.push(chunk)) this.#req.pause();
  };

  readonly #onEnd = (): void => {
    this.#detach();
    this.push(null);
  };

  readonly #onCut = (cause?: unknown): void => {
    this.destroy(bodyCut(cause));
  };

  #detach(): void {
    this.#req
      .off("data", this.#onData)
      .off("end", this.#onEnd)
      .off("error", this.#onCut)
      .off("close", this.#onCut);
  }
}
