import type { Clock } from "../../base/index.ts";

/** After this long a lost event no longer holds the controller back (client-go's ExpectationsTimeout). */
export const EXPIRE_MS = 5 * 60_000;

/**
 * What a controller has done and not yet seen come back in its informer. Acting again before that would create or
 * delete twice, because the local copy is a moment behind the store.
 */
export class Expectations {
  readonly #clock: Clock;
  readonly #pending = new Map<string, { ids: Set<string>; sinceMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Expects to see `id` (a name for creations, a uid for deletions) under the owner's key. */
  expect(key: string, id: string): void {
    const entry = this.#pending.get(key) ?? { ids: new Set<string>(), sinceMs: 0 };
    entry.ids.add(id);
    entry.sinceMs = this.#clock.monotonicMs();
    this.#pending.set(key, entry);
  }

  /** It was seen, or will never come. */
  observe(key: string, id: string): void {
    const entry = this.#pending.get(key);
    if (entry?.ids.delete(id) && entry.ids.size === 0) this.#pending.delete(key);
  }

  /** Whether it was done and has not been seen yet. */
  awaits(key: string, id: string): boolean {
    return this.#pending.get(key)?.ids.has(id) === true;
  }

  satisfied(key: string): boolean {
    const entry = this.#pending.get(key);
    return entry === undefined || this.#clock.monotonicMs() - entry.sinceMs > EXPIRE_MS;
  }

  forget(key: string): void {
    this.#pending.delete(key);
  }
}
