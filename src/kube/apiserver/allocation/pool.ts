import { REGISTRY } from "../objects/object-keys.ts";

/** Under which what is held lies that no object tells: ports. */
export const ALLOCATIONS = `${REGISTRY}allocations/`;

/**
 * Numbers of a fixed range of which each may be held once. Who holds one is a key in the store, written in the same
 * transaction as the holder, so that it is durable and no two can have it; what is kept here only makes guesses good.
 */
export class Pool {
  readonly #first: number;
  readonly #count: number;
  /** The first so many are given only on request, so that wishes for low numbers seldom meet a taken one (KEP-3070). */
  readonly #reserved: number;
  readonly #taken: (value: string) => boolean;
  readonly #text: (offset: number) => string;
  readonly key: (value: string) => string;

  constructor(options: {
    first: number;
    count: number;
    text: (offset: number) => string;
    /** The key by which a value is held. */
    key: (value: string) => string;
    /** Whether the key is known to be held. */
    isHeld: (key: string) => boolean;
  }) {
    this.#first = options.first;
    this.#count = options.count;
    this.#reserved = Math.min(
      Math.max(16, Math.floor(options.count / 16)),
      256,
      Math.floor(options.count / 2),
    );
    this.#text = options.text;
    this.key = options.key;
    this.#taken = (value) => options.isHeld(this.key(value));
  }

  /** A value that seems free and is not in `avoid`; undefined when all are taken. */
  guess(avoid: ReadonlySet<string>): string | undefined {
    return (
      this.#search(this.#reserved, this.#count - this.#reserved, avoid) ??
      this.#search(0, this.#reserved, avoid)
    );
  }

  /** From a random place on, once around. */
  #search(from: number, count: number, avoid: ReadonlySet<string>): string | undefined {
    const start = Math.floor(Math.random() * count);
    for (let step = 0; step < count; step++) {
      const value = this.#text(this.#first + from + ((start + step) % count));
      if (!avoid.has(value) && !this.#taken(value)) return value;
    }
    return undefined;
  }
}
