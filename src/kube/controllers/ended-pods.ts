import { type BackoffOptions, backoffMs, type Clock } from "../../base/index.ts";

interface Entry {
  count: number;
  atMs: number;
}

/** How often pods ended in a place, so that one that ends at once is not made anew without end (client-go's Backoff). */
export class EndedPods {
  readonly #clock: Clock;
  readonly #backoff: BackoffOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock, backoff: BackoffOptions) {
    this.#clock = clock;
    this.#backoff = backoff;
  }

  /** Milliseconds until the next pod that ended in the place may be deleted. */
  remainingMs(place: string): number {
    const entry = this.#entries.get(place);
    if (entry === undefined) return 0;
    const waitMs = backoffMs(entry.count - 1, this.#backoff);
    return Math.max(0, entry.atMs + waitMs - this.#clock.monotonicMs());
  }

  /** One more is deleted. */
  note(place: string): void {
    this.#forgetOld();
    const count = (this.#entries.get(place)?.count ?? 0) + 1;
    this.#entries.set(place, { count, atMs: this.#clock.monotonicMs() });
  }

  #forgetOld(): void {
    const sinceMs = this.#clock.monotonicMs() - 2 * this.#backoff.maxMs;
    for (const [place, { atMs }] of this.#entries) if (atMs < sinceMs) this.#entries.delete(place);
  }
}
