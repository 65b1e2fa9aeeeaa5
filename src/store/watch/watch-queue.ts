/**
 * What waits for one consumer, bounded by count and by bytes. A push beyond the bounds fails the queue with the error that
 * `onOverflow` makes; what waited is dropped, for a consumer that far behind has to start anew.
 */
export class WatchQueue<T> {
  readonly #maxItems: number;
  readonly #maxBytes: number;
  readonly #onOverflow: (waitingBytes: number) => Error;
  #items: T[] = [];
  #bytes = 0;
  #wake: (() => void) | undefined;
  #ended = false;
  #error: unknown;

  constructor(options: { maxItems: number; maxBytes: number; onOverflow: (waitingBytes: number) => Error }) {
    this.#maxItems = options.maxItems;
    this.#maxBytes = options.maxBytes;
    this.#onOverflow = options.onOverflow;
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  /** The newest of what waits. */
  get last(): T | undefined {
    return this.#items.at(-1);
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  push(item: T, sizeBytes: number): void {
    if (this.#ended) return;
    if (
      this.#items.length >= this.#maxItems ||
      (this.#bytes + sizeBytes > this.#maxBytes && this.#items.length > 0)
    ) {
      this.#items = [];
      this.fail(this.#onOverflow(this.#bytes));
      return;
    }
    this.#items.push(item);
    this.#bytes += sizeBytes;
    this.#wake?.();
  }

  /** Ends after what waits. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /** Ends with an error after what waits. */
  fail(error: unknown): void {
    if (this.#ended) return;
    this.#error = error;
    this.end();
  }

  /** All that waits, as soon as there is something; undefined at the end. */
  async take(): Promise<T[] | undefined> {
    while (this.#items.length === 0) {
      if (this.#error !== undefined) throw this.#error;
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    const items = this.#items;
    this.#items = [];
    this.#bytes = 0;
    return items;
  }
}
