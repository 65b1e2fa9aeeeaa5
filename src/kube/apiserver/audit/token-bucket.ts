import type { Clock } from "../../../base/index.ts";

/** Lets so many through a second, and after a pause so many at once (client-go's flowcontrol). */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  readonly #clock: Clock;
  #tokens: number;
  #atMs: number;

  constructor({ batchesPerSecond, burst, clock }: { batchesPerSecond: number; burst: number; clock: Clock }) {
    this.#perMs = batchesPerSecond / 1000;
    this.#burst = burst;
    this.#clock = clock;
    this.#tokens = burst;
    this.#atMs = clock.monotonicMs();
  }

  /** Resolves when the next one may go. */
  async take(): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#atMs) * this.#perMs) - 1;
    this.#atMs = nowMs;
    if (this.#tokens < 0) await this.#clock.sleep(-this.#tokens / this.#perMs);
  }
}
