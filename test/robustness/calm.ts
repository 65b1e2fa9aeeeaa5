import { systemClock } from "../../src/base/index.ts";

/**
 * When the store serves and nothing is being done to it. The load of that time tells whether a run proves anything (etcd's rule: a
 * run whose load before the fault was low is void), and what must happen in time must happen in it.
 */
export class Calm {
  #sinceMs: number | undefined;
  #totalMs = 0;
  #operations = 0;

  /** Since when; undefined while something is being done. */
  get sinceMs(): number | undefined {
    return this.#sinceMs;
  }

  get operationsPerSecond(): number {
    const running = this.#sinceMs === undefined ? 0 : systemClock.monotonicMs() - this.#sinceMs;
    return Math.round((this.#operations / Math.max(1, this.#totalMs + running)) * 1000);
  }

  begin(): void {
    this.#sinceMs ??= systemClock.monotonicMs();
  }

  end(): void {
    if (this.#sinceMs !== undefined) this.#totalMs += systemClock.monotonicMs() - this.#sinceMs;
    this.#sinceMs = undefined;
  }

  /** An operation was answered. */
  count(): void {
    if (this.#sinceMs !== undefined) this.#operations++;
  }
}
