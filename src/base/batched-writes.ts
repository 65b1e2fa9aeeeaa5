import type { Cancel, Clock } from "./clock.ts";
import { backoffMs } from "./retry.ts";

/** Changes that come within this time are written together. */
const BATCH_MS = 2;
const COLLECT_AFTER_MS = 1000;
const RETRY = { initialMs: 200, maxMs: 30_000 };

export interface BatchedWritesOptions {
  clock: Clock;
  /** Whether all is known that has to be written: half of it would be wrong. */
  mayWrite(): boolean;
  /** Writes what has changed. What it throws goes to `onFailure`, and it is tried again, later and later. */
  write(): void;
  onFailure(error: unknown): void;
  /** After each write, once those who waited for it know. */
  onWritten?(): void;
  /** Some time after a write, when nothing is left to be written: for what only stands in the way. */
  collectGarbage(): void;
}

/** Brings something outside (a table in the kernel) up to date with what changes here. Who needs it to be so can wait for it. */
export class BatchedWrites {
  readonly #options: BatchedWritesOptions;
  readonly #waiters = new Set<{ holds: () => boolean; resolve: () => void }>();
  #scheduled: Cancel | undefined;
  #collecting: Cancel | undefined;
  #failures = 0;
  #isWritten = false;

  constructor(options: BatchedWritesOptions) {
    this.#options = options;
  }

  /** The last write has failed, and the next one comes when it is time. */
  get isFailing(): boolean {
    return this.#failures > 0;
  }

  /** Something has changed. */
  touch(): void {
    this.#isWritten = false;
    if (this.#options.mayWrite() && !this.isFailing) this.#schedule(BATCH_MS);
  }

  /** Writes at once, if it may. */
  flush(): void {
    const { mayWrite, write, onFailure, onWritten } = this.#options;
    if (!mayWrite()) return;
    try {
      write();
    } catch (error) {
      onFailure(error);
      this.#schedule(backoffMs(this.#failures++, RETRY));
      return;
    }
    this.#failures = 0;
    this.#isWritten = true;
    for (const { holds, resolve } of [...this.#waiters]) if (holds()) resolve();
    onWritten?.();
    this.#collectLater();
  }

  /** Resolves when it holds, and all that is known is written. Rejects when the signal aborts. */
  async until(holds: () => boolean, signal: AbortSignal): Promise<void> {
    if (this.#options.mayWrite() && this.#isWritten && holds()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter = { holds, resolve };
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    this.#waiters.add(waiter);
    try {
      signal.throwIfAborted();
      await promise;
    } finally {
      this.#waiters.delete(waiter);
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Nothing is written any more until the next change. */
  stop(): void {
    this.#scheduled?.();
    this.#scheduled = undefined;
    this.#collecting?.();
    this.#collecting = undefined;
  }

  #schedule(delayMs: number): void {
    this.#scheduled ??= this.#options.clock.after(delayMs, () => {
      this.#scheduled = undefined;
      this.flush();
    });
  }

  #collectLater(): void {
    const collect = () => {
      this.#collecting = undefined;
      // With changes to come those go first.
      if (this.#isWritten) this.#options.collectGarbage();
      else this.#collectLater();
    };
    this.#collecting ??= this.#options.clock.after(COLLECT_AFTER_MS, collect, { unref: true });
  }
}
