import type { Clock } from "../../../base/index.ts";

/** Answers that hold for a while; beyond so many the oldest go. */
export class ExpiringCache<T> {
  readonly #limit: number;
  readonly #clock: Clock;
  readonly #entries = new Map<string, { value: T; untilMs: number }>();

  constructor({ limit, clock }: { limit: number; clock: Clock }) {
    this.#limit = limit;
    this.#clock = clock;
  }

  get(key: string): T | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    if (entry.untilMs > this.#clock.monotonicMs()) return entry.value;
    this.#entries.delete(key);
    return undefined;
  }

  set(key: string, value: T, ttlMs: number): void {
    this.#entries.delete(key);
    if (ttlMs <= 0) return;
    this.#entries.set(key, { value, untilMs: this.#clock.monotonicMs() + ttlMs });
    if (this.#entries.size > this.#limit) this.#entries.delete(this.#entries.keys().next().value!);
  }
}
