import { createHash } from "node:crypto";
import type { KeyValue } from "../types.ts";

/** A digest over keys in their order: each with its value and whether it hangs on a lease, and its numbers where those count. */
export class ItemDigest {
  readonly #hash = createHash("sha256");
  readonly #withNumbers: boolean;
  #count = 0;

  constructor({ withNumbers }: { withNumbers: boolean }) {
    this.#withNumbers = withNumbers;
  }

  get count(): number {
    return this.#count;
  }

  add({ key, value, lease, createRevision, modRevision, version }: KeyValue): void {
    this.#count++;
    const numbers = this.#withNumbers ? [createRevision, modRevision, version] : [];
    // The sizes make it unambiguous where one ends and the next begins.
    const head = [Buffer.byteLength(key), value.byteLength, lease === 0 ? 0 : 1, ...numbers].join(" ");
    this.#hash.update(`${head}\n${key}`).update(value);
  }

  /** Ends it. */
  toString(): string {
    return `${this.#count} keys, sha256 ${this.#hash.digest("hex")}`;
  }
}
