import type { Cancel, Clock } from "../base/index.ts";
import { leaseNotFound } from "./errors.ts";

interface Lease {
  id: number;
  ttlSeconds: number;
  /** Monotonic. */
  deadlineMs: number;
  keys: Set<string>;
}

/**
 * Which leases live until when, and which keys hang on them. Deadlines are monotonic: a jump of the wall clock expires
 * nothing. After a restart each lease has its whole time to live again, as with etcd.
 */
export class LeaseTable {
  readonly #clock: Clock;
  readonly #onExpired: (id: number) => void;
  readonly #leases = new Map<number, Lease>();
  #cancelTimer: Cancel = () => {};
  #timerDueMs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, onExpired: (id: number) => void) {
    this.#clock = clock;
    this.#onExpired = onExpired;
  }

  add(id: number, ttlSeconds: number, keys: Iterable<string> = []): void {
    const lease = { id, ttlSeconds, deadlineMs: this.#deadline(ttlSeconds), keys: new Set(keys) };
    this.#leases.set(id, lease);
    if (lease.deadlineMs < this.#timerDueMs) this.#setTimer(lease.deadlineMs);
  }

  get(id: number): Lease {
    const lease = this.#leases.get(id);
    if (!lease) throw leaseNotFound(id);
    return lease;
  }

  has(id: number): boolean {
    return this.#leases.has(id);
  }

  renew(id: number): number {
    const lease = this.get(id);
    // The timer stays as it is: when it fires too early, it is set anew.
    lease.deadlineMs = this.#deadline(lease.ttlSeconds);
    return lease.ttlSeconds;
  }

  delete(id: number): void {
    this.#leases.delete(id);
  }

  attach(id: number, key: string): void {
    this.#leases.get(id)?.keys.add(key);
  }

  detach(id: number, key: string): void {
    this.#leases.get(id)?.keys.delete(key);
  }

  close(): void {
    this.#leases.clear();
    this.#cancelTimer();
  }

  #deadline(ttlSeconds: number): number {
    return this.#clock.monotonicMs() + ttlSeconds * 1000;
  }

  #setTimer(dueMs: number): void {
    this.#cancelTimer();
    this.#timerDueMs = dueMs;
    if (dueMs === Number.POSITIVE_INFINITY) return;
    const delayMs = Math.max(1, dueMs - this.#clock.monotonicMs());
    this.#cancelTimer = this.#clock.after(delayMs, () => this.#expire(), { unref: true });
  }

  #expire(): void {
    const nowMs = this.#clock.monotonicMs();
    const expired: number[] = [];
    let earliestMs = Number.POSITIVE_INFINITY;
    for (const lease of this.#leases.values()) {
      if (lease.deadlineMs <= nowMs) {
        expired.push(lease.id);
        // If the revoke fails, it is tried again after this while.
        lease.deadlineMs = nowMs + RETRY_MS;
      }
      earliestMs = Math.min(earliestMs, lease.deadlineMs);
    }
    this.#setTimer(earliestMs);
    for (const id of expired) this.#onExpired(id);
  }
}

const RETRY_MS = 1000;
