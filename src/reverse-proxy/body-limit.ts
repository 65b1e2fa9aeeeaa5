import { GantryError } from "../base/index.ts";

/** Counts a body's bytes. Throws `Http.BodyTooLarge` at the first beyond them. */
export class BodyLimit {
  #left: number;

  constructor(maxBytes = Number.POSITIVE_INFINITY) {
    this.#left = maxBytes;
  }

  count({ length }: Buffer): void {
    this.#left -= length;
    if (this.#left < 0)
      throw new GantryError("InvalidArgument", "the body is larger than is allowed here", {
        code: "Http.BodyTooLarge",
      });
  }
}
