import type { Store, TransactionResult } from "../../../src/store/index.ts";
import type { KnownBad } from "./index.ts";
import { bound } from "./wrap.ts";

/** Reads some revisions back, as a cache that lags would. */
const LAG = 3;

export const staleRead: KnownBad = {
  wrap: (store: Store) => ({
    ...bound(store),
    async get(key, options) {
      const { revision } = await store.status();
      const past = Math.max(1, revision - LAG);
      if (options?.revision) return store.get(key, options);
      return { ...(await store.get(key, { revision: past })), revision: past };
    },
  }),
  breaks: ["order agrees with time"],
};

export const staleList: KnownBad = {
  wrap: (store: Store) => ({
    ...bound(store),
    async range(prefix, options) {
      if (options?.revision) return store.range(prefix, options);
      const { revision } = await store.status();
      // The right revision with the wrong content.
      return {
        ...(await store.range(prefix, { ...options, revision: Math.max(1, revision - LAG) })),
        revision,
      };
    },
  }),
  breaks: ["lists are right"],
};

/** Compares first and writes later: somebody else may write between. */
export const lostUpdate: KnownBad = {
  wrap: (store: Store) => ({
    ...bound(store),
    async transact(request) {
      const compared = await store.transact({ ...request, success: [], failure: request.failure ?? [] });
      if (!compared.succeeded) return compared;
      await new Promise((resolve) => setTimeout(resolve, 5));
      return store.transact({ success: request.success });
    },
  }),
  breaks: ["compares are right"],
};

export const tornTransaction: KnownBad = {
  wrap: (store: Store) => ({
    ...bound(store),
    async transact(request) {
      if (request.success.length < 2) return store.transact(request);
      const parts: TransactionResult[] = [];
      for (const operation of request.success) parts.push(await store.transact({ success: [operation] }));
      return { ...parts.at(-1)!, results: parts.flatMap((part) => part.results) };
    },
  }),
  breaks: ["transactions are atomic", "nothing acknowledged is lost"],
};

/** Tries again without knowing whether the first try was done. */
export const secondWrite: KnownBad = {
  wrap: (store: Store) => ({
    ...bound(store),
    async transact(request) {
      const result = await store.transact(request);
      return request.compare?.length === 0 ? store.transact(request) : result;
    },
  }),
  breaks: ["nothing is written twice"],
};
