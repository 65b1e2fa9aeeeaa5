import { Transform } from "node:stream";
import { GantryError } from "../base/index.ts";

/** Lets so many bytes of a body through, and fails with `Http.BodyTooLarge` at the first beyond them. */
export class BodyLimit extends Transform {
  #left: number;

  constructor(maxBytes = Number.POSITIVE_INFINITY) {
    super();
    this.#left = maxBytes;
  }

  override _transform(
    chunk: Buffer,
    _encoding: BufferEncoding,
    done: (error?: Error, chunk?: Buffer) => void,
  ): void {
    this.#left -= chunk.length;
    if (this.#left >= 0) done(undefined, chunk);
    else
      done(
        new GantryError("InvalidArgument", "the body is larger than is allowed here", {
          code: "Http.BodyTooLarge",
        }),
      );
  }
}
