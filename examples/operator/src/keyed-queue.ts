const MAX_RETRY_MS = 30_000;

/**
 * Keys that have to be worked on, one at a time; a key that comes while it is waited for is worked on once. After a failure it
 * comes again, later with each failure.
 */
export class KeyedQueue {
  readonly #work: (key: string) => Promise<void>;
  readonly #waiting = new Set<string>();
  readonly #failures = new Map<string, number>();
  #running = false;

  constructor(work: (key: string) => Promise<void>) {
    this.#work = work;
  }

  add(key: string): void {
    this.#waiting.add(key);
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    for (const key of this.#waiting) {
      this.#waiting.delete(key);
      await this.#work(key).then(
        () => this.#failures.delete(key),
        (error) => this.#again(key, error),
      );
    }
    this.#running = false;
  }

  #again(key: string, error: Error): void {
    const failures = this.#failures.get(key) ?? 0;
    console.error(`${key}: ${error.message}`);
    this.#failures.set(key, failures + 1);
    setTimeout(() => this.add(key), Math.min(100 * 2 ** failures, MAX_RETRY_MS)).unref();
  }
}
