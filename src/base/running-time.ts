import type { Cancel, Clock } from "./clock.ts";

/** How often it is noted that the process runs. */
const PERIOD_MS = 1000;

/**
 * Monotonic time in which this process ran. While it is stopped (SIGSTOP, a machine that sleeps, a loop that is held up) it
 * hears of nobody, so that nobody's silence means anything: such a time counts as two periods, however long it was. For
 * whatever judges others by how long they have not been heard of.
 */
export class RunningTime {
  readonly #clock: Clock;
  readonly #periodMs: number;
  #ranMs = 0;
  #seenMs: number;

  constructor(clock: Clock, periodMs = PERIOD_MS) {
    this.#clock = clock;
    this.#periodMs = periodMs;
    this.#seenMs = clock.monotonicMs();
  }

  /** Notes that the process runs, until cancelled. */
  start(): Cancel {
    this.#note();
    return this.#clock.every(this.#periodMs, () => this.#note(), { unref: true });
  }

  /** Milliseconds with a fraction; only differences mean anything. */
  ranMs(): number {
    return this.#ranMs + this.#sinceSeenMs();
  }

  #note(): void {
    this.#ranMs += this.#sinceSeenMs();
    this.#seenMs = this.#clock.monotonicMs();
  }

  #sinceSeenMs(): number {
    return Math.min(this.#clock.monotonicMs() - this.#seenMs, 2 * this.#periodMs);
  }
}
