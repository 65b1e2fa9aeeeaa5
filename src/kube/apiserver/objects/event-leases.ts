import type { Clock } from "../../../base/index.ts";
import type { Store } from "../../../store/index.ts";

/** How long events are kept, where nobody says otherwise (apiserver's event-ttl). */
export const EVENT_TTL_SECONDS = 3600;
/** Events of so long share one lease, so that there are few of them (storage/etcd3 leaseManager). */
const SHARED_SECONDS = 60;
const SHARED_KEYS = 1000;

/** Gives events the lease with which they go away by themselves. */
export class EventLeases {
  readonly #store: Store;
  readonly #ttlSeconds: number;
  readonly #clock: Clock;
  #current: { id: Promise<number>; untilMs: number; keys: number } | undefined;

  constructor({ store, ttlSeconds, clock }: { store: Store; ttlSeconds: number; clock: Clock }) {
    this.#store = store;
    this.#ttlSeconds = ttlSeconds;
    this.#clock = clock;
  }

  async next(): Promise<number> {
    const nowMs = this.#clock.monotonicMs();
    if (!this.#current || nowMs >= this.#current.untilMs || this.#current.keys >= SHARED_KEYS) {
      const granted = this.#store.grantLease(this.#ttlSeconds + SHARED_SECONDS).then(({ id }) => id);
      const current = { id: granted, untilMs: nowMs + SHARED_SECONDS * 1000, keys: 0 };
      this.#current = current;
      granted.catch(() => {
        if (this.#current === current) this.#current = undefined;
      });
    }
    this.#current.keys++;
    return this.#current.id;
  }
}
