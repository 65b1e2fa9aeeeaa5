import { GantryError } from "./errors.ts";

/** Cancels what a clock has scheduled; calling it twice is fine. */
export type Cancel = () => void;

/**
 * The only source of time in the program. Wall time is for what people and other machines see (timestamps);
 * everything that measures or waits uses monotonic time.
 */
export interface Clock {
  /** Wall clock, milliseconds since the epoch. */
  nowMs(): number;
  /** Monotonic milliseconds with a fraction; only differences mean anything. */
  monotonicMs(): number;
  /** Runs `fn` once after `delayMs`. Pending timers do not keep the process alive when `unref` is set. */
  after(delayMs: number, fn: () => void, options?: { unref?: boolean }): Cancel;
  /** Runs `fn` every `periodMs` until cancelled. */
  every(periodMs: number, fn: () => void, options?: { unref?: boolean }): Cancel;
  /** Resolves after `delayMs`; rejects with kind Canceled when the signal aborts first. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

const MAX_TIMER_MS = 2 ** 31 - 1;

class SystemClock implements Clock {
  nowMs(): number {
    return Date.now();
  }

  monotonicMs(): number {
    return performance.now();
  }

  after(delayMs: number, fn: () => void, options: { unref?: boolean } = {}): Cancel {
    const timer = setTimeout(fn, Math.min(Math.max(0, delayMs), MAX_TIMER_MS));
    if (options.unref) timer.unref();
    return () => clearTimeout(timer);
  }

  every(periodMs: number, fn: () => void, options: { unref?: boolean } = {}): Cancel {
    const timer = setInterval(fn, periodMs);
    if (options.unref) timer.unref();
    return () => clearInterval(timer);
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(canceled(signal));
      const onAbort = () => {
        cancel();
        reject(canceled(signal!));
      };
      const cancel = this.after(delayMs, () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      });
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }
}

function canceled(signal: AbortSignal): GantryError {
  return new GantryError("Canceled", "the operation was canceled", { cause: signal.reason });
}

export const systemClock: Clock = new SystemClock();

/** RFC 3339 with seconds and `Z`, the form of Kubernetes' metav1.Time. */
export function rfc3339Seconds(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, "Z");
}

/** RFC 3339 with microseconds, the form of metav1.MicroTime. */
export function rfc3339Micros(ms: number): string {
  return new Date(ms).toISOString().replace(/(\.\d{3})Z$/, "$1000Z");
}

/** RFC 3339 with nanosecond digits, the form of Docker's timestamps. */
export function rfc3339Nanos(ms: number): string {
  return new Date(ms).toISOString().replace(/(\.\d{3})Z$/, "$1000000Z");
}
