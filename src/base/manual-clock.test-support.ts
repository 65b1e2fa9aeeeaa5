import { type Cancel, type Clock, GantryError } from "./index.ts";

interface Timer {
  dueMs: number;
  fn: () => void;
  periodMs?: number;
}

/** A clock that stands still until a test moves it; wall time and monotonic time move together. */
export class ManualClock implements Clock {
  #wallMs: number;
  #monotonicMs = 0;
  readonly #timers = new Set<Timer>();

  constructor(startMs = Date.parse("2026-01-01T00:00:00Z")) {
    this.#wallMs = startMs;
  }

  nowMs(): number {
    return this.#wallMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  after(delayMs: number, fn: () => void): Cancel {
    const timer = { dueMs: this.#monotonicMs + Math.max(0, delayMs), fn };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  every(periodMs: number, fn: () => void): Cancel {
    const timer = { dueMs: this.#monotonicMs + periodMs, fn, periodMs };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.after(delayMs, resolve);
      signal?.addEventListener("abort", () => {
        cancel();
        reject(new GantryError("Canceled", "the operation was canceled"));
      });
    });
  }

  /** Moves on, running what falls due in its order; between two instants everybody finishes their work. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#monotonicMs + ms;
    for (;;) {
      await idle();
      const next = Math.min(endMs, ...[...this.#timers].map((timer) => timer.dueMs));
      this.#wallMs += Math.max(0, next - this.#monotonicMs);
      this.#monotonicMs = Math.max(this.#monotonicMs, next);
      const due = [...this.#timers].filter((timer) => timer.dueMs <= this.#monotonicMs);
      if (due.length === 0) break;
      for (const timer of due) {
        if (timer.periodMs === undefined) this.#timers.delete(timer);
        else timer.dueMs = Math.max(timer.dueMs + timer.periodMs, this.#monotonicMs);
        timer.fn();
      }
    }
    await idle();
  }

  /** Time goes by in which the process stands still: what fell due meanwhile is run at its end. */
  async freeze(ms: number): Promise<void> {
    await idle();
    this.#wallMs += ms;
    this.#monotonicMs += ms;
    await this.advance(0);
  }

  /** Wall time alone jumps, as when somebody sets the machine's clock. */
  jumpWall(ms: number): void {
    this.#wallMs += ms;
  }
}

/** Lets pending work in this process run to its end: a write over the memory store takes a few turns. */
export async function idle(turns = 25): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
}
