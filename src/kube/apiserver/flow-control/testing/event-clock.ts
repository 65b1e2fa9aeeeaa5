import { type Cancel, type Clock, GantryError } from "../../../../base/index.ts";

/** A clock whose events are run one after the other, in order of their times, without any time going by. */
export class EventClock implements Clock {
  #nowMs = 0;
  readonly #events = new Set<{ dueMs: number; fn: () => void }>();

  nowMs(): number {
    return Date.parse("2026-01-01T00:00:00Z") + this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, fn: () => void): Cancel {
    const event = { dueMs: this.#nowMs + Math.max(0, delayMs), fn };
    this.#events.add(event);
    return () => this.#events.delete(event);
  }

  every(periodMs: number, fn: () => void): Cancel {
    let cancel: Cancel = () => {};
    const again = () => {
      cancel = this.after(periodMs, () => {
        again();
        fn();
      });
    };
    again();
    return () => cancel();
  }

  sleep(): Promise<void> {
    throw new GantryError("Internal", "nobody sleeps by this clock");
  }

  get pending(): number {
    return this.#events.size;
  }

  /** Runs what is due in the next `ms`; all that there is when absent. */
  run(ms = Number.POSITIVE_INFINITY): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const next = [...this.#events].reduce<{ dueMs: number; fn: () => void } | undefined>(
        (first, one) => (first && first.dueMs <= one.dueMs ? first : one),
        undefined,
      );
      if (!next || next.dueMs > endMs) break;
      this.#events.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.fn();
    }
    if (Number.isFinite(endMs)) this.#nowMs = endMs;
  }
}
