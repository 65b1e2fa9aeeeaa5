import { type Clock, systemClock } from "../base/index.ts";

/** Gives the event loop back to others now and then during work made of many short synchronous pieces. */
export class Breather {
  readonly #clock: Clock;
  readonly #everyMs: number;
  #sinceMs: number;

  constructor(everyMs = 5, clock: Clock = systemClock) {
    this.#clock = clock;
    this.#everyMs = everyMs;
    this.#sinceMs = clock.monotonicMs();
  }

  /** Returns at once, or after others had their turn when `everyMs` have passed since. */
  async pause(): Promise<void> {
    if (this.#clock.monotonicMs() - this.#sinceMs < this.#everyMs) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.#sinceMs = this.#clock.monotonicMs();
  }
}
