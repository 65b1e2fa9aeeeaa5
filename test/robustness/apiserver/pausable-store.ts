import type { Store, WatchBatch, WatchOptions } from "../../../src/store/index.ts";

export interface PausableStore {
  store: Store;
  pause(): void;
  resume(): void;
}

/** A store that stands still while it is paused: nothing gets to it, and nothing comes back from it. */
export function pausableStore(inner: Store): PausableStore {
  let gate = Promise.withResolvers<void>();
  gate.resolve();
  const watch = async function* (options: WatchOptions): AsyncIterable<WatchBatch> {
    for await (const batch of inner.watch(options)) {
      await gate.promise;
      yield batch;
    }
  };
  const store = new Proxy(inner, {
    get(target, name: keyof Store) {
      if (name === "watch") return watch;
      return async (...args: never[]) => {
        await gate.promise;
        const result = await (target[name] as (...args: never[]) => Promise<unknown>)(...args);
        await gate.promise;
        return result;
      };
    },
  });
  return {
    store,
    pause() {
      gate = Promise.withResolvers();
    },
    resume: () => gate.resolve(),
  };
}

/** Reads and writes by one store, watches by another one of the same data: each with a connection of its own. */
export function splitStore(requests: Store, watches: Store): Store {
  return new Proxy(requests, {
    get(_target, name: keyof Store) {
      const owner = name === "watch" ? watches : requests;
      return bound(owner, name);
    },
  });
}

/** Calls `onWrite` when a write is about to be sent, after all that was read for it. */
export function withWriteHook(inner: Store, onWrite: () => void): Store {
  return new Proxy(inner, {
    get(target, name: keyof Store) {
      if (name === "transact") onWrite();
      return bound(target, name);
    },
  });
}

function bound(store: Store, name: keyof Store): unknown {
  return (store[name] as ((...args: never[]) => unknown) | undefined)?.bind(store);
}
