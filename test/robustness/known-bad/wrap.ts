import type { Store, WatchBatch } from "../../../src/store/index.ts";

/** The store's methods as plain functions, so that some can be replaced. */
export function bound(store: Store): Store {
  return {
    get: (...args) => store.get(...args),
    range: (...args) => store.range(...args),
    transact: (...args) => store.transact(...args),
    watch: (...args) => store.watch(...args),
    compact: (...args) => store.compact(...args),
    grantLease: (...args) => store.grantLease(...args),
    keepLeaseAlive: (...args) => store.keepLeaseAlive(...args),
    revokeLease: (...args) => store.revokeLease(...args),
    status: () => store.status(),
    check: () => store.check(),
    close: () => store.close(),
  };
}

export function withWatch(store: Store, change: (batch: WatchBatch) => WatchBatch): Store {
  const watch: Store["watch"] = (options) => {
    const batches = store.watch(options);
    return {
      async *[Symbol.asyncIterator]() {
        for await (const batch of batches) yield change(batch);
      },
    };
  };
  return { ...bound(store), watch };
}
