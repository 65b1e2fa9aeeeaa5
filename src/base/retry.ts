import { type Clock, systemClock } from "./clock.ts";

export interface BackoffOptions {
  initialMs: number;
  maxMs: number;
  factor?: number;
}

/** Delay before attempt `attempt` (0 is the first retry): `initial * factor^attempt`, capped at `maxMs`. */
export function backoffMs(attempt: number, { initialMs, maxMs, factor = 2 }: BackoffOptions): number {
  return Math.min(maxMs, initialMs * factor ** attempt);
}

export interface RetryOptions extends BackoffOptions {
  /** Total tries, the first included. */
  attempts: number;
  /** Whether this failure is worth another try. */
  retryable?: (error: unknown) => boolean;
  signal?: AbortSignal;
  clock?: Clock;
}

/** Runs `fn` until it succeeds, fails for good, or the attempts are used up; rethrows the last failure. */
export async function retry<T>(fn: (attempt: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const clock = options.clock ?? systemClock;
  for (let attempt = 0; ; attempt++) {
    try {
      return await fn(attempt);
    } catch (error) {
      const last = attempt + 1 >= options.attempts;
      if (last || options.retryable?.(error) === false) throw error;
      await clock.sleep(backoffMs(attempt, options), options.signal);
    }
  }
}
