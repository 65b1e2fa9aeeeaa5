/**
 * A hand-over between a producer that pushes and one consumer that iterates. `limit` bounds what waits: a push beyond it
 * returns false and the producer decides (cut the consumer off, or pause itself).
 */
export class AsyncQueue<T> implements AsyncIterable<T> {
  readonly #limit: number;
  #items: T[] = [];
  #wake: (() => void) | undefined;
  #ended = false;
  #error: unknown;

  constructor(limit = Number.POSITIVE_INFINITY) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#items.length;
  }

  push(item: T): boolean {
    if (this.#ended) return false;
    if (this.#items.length >= this.#limit) return false;
    this.#items.push(item);
    this.#wake?.();
    return true;
  }

  /** No more items; what waits is still handed over. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /** As `end`, and the consumer then sees `error` thrown. */
  fail(error: unknown): void {
    this.#error = error;
    this.end();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    try {
      for (;;) {
        while (this.#items.length > 0) {
          const batch = this.#items;
          this.#items = [];
          for (const item of batch) yield item;
        }
        if (this.#ended) break;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = undefined;
      }
      if (this.#error !== undefined) throw this.#error;
    } finally {
      this.#ended = true;
      this.#items = [];
    }
  }
}
