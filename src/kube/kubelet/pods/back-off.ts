import type { Clock } from "../../../base/index.ts";

interface Entry {
  delayMs: number;
  sinceMs: number;
}

/** Growing delays by key, as client-go's flowcontrol.Backoff: 10 s doubling to 5 min, forgotten after 10 quiet minutes. */
export class BackOff {
  readonly #clock: Clock;
  readonly #initialMs: number;
  readonly #maxMs: number;
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock, initialMs = 10_000, maxMs = 300_000) {
    this.#clock = clock;
    this.#initialMs = initialMs;
    this.#maxMs = maxMs;
  }

  /** How long to wait still, counted from an event that was `agoMs` before now; 0: go ahead. */
  remainingMs(key: string, agoMs: number): number {
    const entry = this.#entries.get(key);
    if (!entry || this.#isExpired(entry, agoMs)) return 0;
    return Math.max(0, entry.delayMs - agoMs);
  }

  /** As `remainingMs`, counted from the last `next`. */
  remainingSinceUpdateMs(key: string): number {
    const entry = this.#entries.get(key);
    return entry ? this.remainingMs(key, this.#clock.monotonicMs() - entry.sinceMs) : 0;
  }

  /** The delay in force, for messages. */
  delayMs(key: string): number {
    return this.#entries.get(key)?.delayMs ?? 0;
  }

  /** Another try is made now, for something that failed `agoMs` ago: the next one waits longer. */
  next(key: string, agoMs = 0): void {
    const entry = this.#entries.get(key);
    const delayMs =
      entry && !this.#isExpired(entry, agoMs) ? Math.min(entry.delayMs * 2, this.#maxMs) : this.#initialMs;
    this.#entries.set(key, { delayMs, sinceMs: this.#clock.monotonicMs() });
  }

  /** Drops everything of keys that begin with `prefix`. */
  forget(prefix: string): void {
    for (const key of this.#entries.keys()) if (key.startsWith(prefix)) this.#entries.delete(key);
  }

  /** The failure came so long after the last try that it counts as the first of its kind. */
  #isExpired(entry: Entry, agoMs: number): boolean {
    const eventMs = this.#clock.monotonicMs() - agoMs;
    return eventMs - entry.sinceMs > 2 * this.#maxMs;
  }
}
