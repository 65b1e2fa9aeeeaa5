import type { Cancel, Clock } from "../../base/index.ts";

const LOOK_MS = 250;

/** Keeps leases alive until it is stopped. One that cannot be renewed runs out, and its keys are missed when the store is read back. */
export class LeaseKeeper {
  readonly #clock: Clock;
  readonly #renew: (id: number) => Promise<unknown>;
  readonly #leases = new Map<number, { everyMs: number; dueMs: number }>();
  readonly #cancel: Cancel;

  constructor(clock: Clock, renew: (id: number) => Promise<unknown>) {
    this.#clock = clock;
    this.#renew = renew;
    this.#cancel = clock.every(LOOK_MS, () => this.#renewDue(), { unref: true });
  }

  add(id: number, ttlSeconds: number): void {
    const everyMs = (ttlSeconds * 1000) / 3;
    this.#leases.set(id, { everyMs, dueMs: this.#clock.monotonicMs() + everyMs });
  }

  stop(): void {
    this.#cancel();
  }

  #renewDue(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [id, lease] of this.#leases) {
      if (lease.dueMs > nowMs) continue;
      lease.dueMs = nowMs + lease.everyMs;
      this.#renew(id).catch(() => {});
    }
  }
}
