import { type Clock, systemClock } from "./clock.ts";
import { FairTurn } from "./fair-turn.ts";
import { backoffMs } from "./retry.ts";

/** Hears what becomes of keys: the place of a queue's figures. */
export interface WorkQueueObserver {
  /** A key came that did not wait already. */
  added(key: string): void;
  started(key: string): void;
  finished(key: string): void;
  /** It failed and comes again later. */
  retried(key: string): void;
}

export interface WorkQueueOptions {
  /** How many keys are worked on at once. */
  concurrency?: number;
  /** First and longest delay of a key that keeps failing (client-go: 5 ms to 1000 s). */
  retryInitialMs?: number;
  retryMaxMs?: number;
  clock?: Clock;
  onError?: (key: string, error: unknown, failures: number) => void;
  observer?: WorkQueueObserver;
}

let count = 0;

/**
 * Keys that wait to be reconciled. A key is worked on by one worker at a time, is queued at most once, and one that is
 * added while being worked on runs again afterwards (the guarantees of client-go's workqueue).
 */
export class WorkQueue {
  /** Queues take turns with each other, whatever waits in each. */
  readonly #owner = `work queue ${count++}`;
  readonly #handler: (key: string) => Promise<void>;
  readonly #concurrency: number;
  readonly #retryInitialMs: number;
  readonly #retryMaxMs: number;
  readonly #clock: Clock;
  readonly #onError: WorkQueueOptions["onError"];
  readonly #observer: WorkQueueObserver | undefined;
  readonly #waiting = new Set<string>();
  readonly #active = new Set<string>();
  readonly #again = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #timers = new Map<string, { dueMs: number; cancel: () => void }>();
  #stopped = false;
  #idleWaiters: (() => void)[] = [];

  constructor(handler: (key: string) => Promise<void>, options: WorkQueueOptions = {}) {
    this.#handler = handler;
    this.#concurrency = options.concurrency ?? 4;
    this.#retryInitialMs = options.retryInitialMs ?? 5;
    this.#retryMaxMs = options.retryMaxMs ?? 1_000_000;
    this.#clock = options.clock ?? systemClock;
    this.#onError = options.onError;
    this.#observer = options.observer;
  }

  /** Keys waiting or being worked on (delayed ones not counted). */
  get depth(): number {
    return this.#waiting.size + this.#active.size;
  }

  add(key: string): void {
    if (this.#stopped) return;
    const waiting = this.#active.has(key) ? this.#again : this.#waiting;
    if (!waiting.has(key)) this.#observer?.added(key);
    waiting.add(key);
    if (waiting === this.#again) return;
    queueMicrotask(() => this.#pump());
  }

  /** Adds the key after `delayMs`; an earlier pending delay of the same key wins. */
  addAfter(key: string, delayMs: number): void {
    if (this.#stopped) return;
    if (delayMs <= 0) {
      this.add(key);
      return;
    }
    const dueMs = this.#clock.monotonicMs() + delayMs;
    const pending = this.#timers.get(key);
    if (pending) {
      if (pending.dueMs <= dueMs) return;
      pending.cancel();
    }
    const cancel = this.#clock.after(delayMs, () => {
      this.#timers.delete(key);
      this.add(key);
    });
    this.#timers.set(key, { dueMs, cancel });
  }

  /** Forgets the key's failures, so that its next retry is quick again. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** Takes no more keys, cancels delays, and resolves when the workers have finished. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#waiting.clear();
    this.#again.clear();
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    if (this.#active.size > 0) await new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
  }

  #pump(): void {
    while (this.#active.size < this.#concurrency) {
      const next = this.#waiting.values().next();
      if (next.done) return;
      this.#waiting.delete(next.value);
      this.#active.add(next.value);
      this.#observer?.started(next.value);
      void this.#work(next.value);
    }
  }

  async #work(key: string): Promise<void> {
    try {
      // A handler that waits for nothing ends within the microtasks, and hundreds after it: other work must come between them.
      const turn = new FairTurn(undefined, this.#owner);
      if (turn.isSpent) await turn.next();
      if (!this.#stopped) await this.#handler(key);
      this.#failures.delete(key);
    } catch (error) {
      const failures = (this.#failures.get(key) ?? 0) + 1;
      this.#failures.set(key, failures);
      this.#onError?.(key, error, failures);
      this.#observer?.retried(key);
      this.addAfter(
        key,
        backoffMs(failures - 1, { initialMs: this.#retryInitialMs, maxMs: this.#retryMaxMs }),
      );
    }
    this.#active.delete(key);
    this.#observer?.finished(key);
    if (this.#again.delete(key)) {
      // It was counted when it came.
      this.#waiting.add(key);
    }
    if (this.#active.size === 0) for (const resolve of this.#idleWaiters.splice(0)) resolve();
    this.#pump();
  }
}
