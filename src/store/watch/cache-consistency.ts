import { FairTurn, isGantryError } from "../../base/index.ts";
import { compareKeys } from "../embedded/key-order.ts";
import type { KeyValue, Store } from "../types.ts";
import type { WatchCache } from "./watch-cache.ts";
import type { CachedItem } from "./watch-cache-items.ts";

export interface CacheCheckOptions<T> {
  store: Store;
  cache: WatchCache<T>;
  /** Which keys the cache holds. */
  prefix: string;
  /** What a key is counted under. */
  groupOf: (key: string) => string;
  /** The stored bytes that the cache keeps of an object; given, they are compared too, which reads the whole store. */
  bytesOf?: (object: T) => Uint8Array;
}

export interface CacheDifference {
  key: string;
  /** Revision of the state that each of them has; undefined: no such key. Equal where only the bytes differ. */
  inCache: number | undefined;
  inStore: number | undefined;
}

export interface CacheCheckReport {
  revision: number;
  groups: ReadonlyMap<string, CheckedGroup>;
}

export interface CheckedGroup {
  keys: number;
  differences: number;
  first: CacheDifference | undefined;
}

const PAGE_ITEMS = 5000;
const ATTEMPTS = 3;

/**
 * Holds a watch cache against its store at the revision that the cache has now, in turns. Both are here, so keys and revisions
 * are compared themselves, where Kubernetes compares digests of them (storage/cacher/consistency), and the report can name what
 * differs. Undefined where there is no revision that both can show: nothing is loaded, or compactions are faster.
 */
export async function checkCache<T>(options: CacheCheckOptions<T>): Promise<CacheCheckReport | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const snapshot = options.cache.snapshot();
    if (!snapshot) return undefined;
    const { revision, items } = snapshot;
    try {
      const groups = await new Comparison(options, items).run(revision);
      return { revision, groups };
    } catch (error) {
      if (!isGantryError(error, "Gone")) throw error;
    }
  }
  return undefined;
}

/** Goes through both in the order of their keys. */
class Comparison<T> {
  readonly #options: CacheCheckOptions<T>;
  readonly #cached: readonly CachedItem<T>[];
  readonly #groups = new Map<string, CheckedGroup>();
  #next = 0;

  constructor(options: CacheCheckOptions<T>, cached: readonly CachedItem<T>[]) {
    this.#options = options;
    this.#cached = cached;
  }

  async run(revision: number): Promise<Map<string, CheckedGroup>> {
    const { store, prefix, bytesOf } = this.#options;
    const turn = new FairTurn();
    let startAfter: string | undefined;
    for (let more = true; more; ) {
      const page = await store.range(prefix, {
        revision,
        startAfter,
        limit: PAGE_ITEMS,
        keysOnly: bytesOf === undefined,
        uncounted: true,
      });
      for (const item of page.items) {
        this.#compare(item);
        if (turn.isSpent) await turn.next();
      }
      startAfter = page.items.at(-1)?.key;
      more = page.more;
    }
    while (this.#next < this.#cached.length) this.#takeSurplus();
    return this.#groups;
  }

  #compare(stored: KeyValue): void {
    const { key, modRevision } = stored;
    let cached = this.#cached[this.#next];
    while (cached && compareKeys(cached.key, key) < 0) {
      this.#takeSurplus();
      cached = this.#cached[this.#next];
    }
    if (cached?.key !== key) {
      this.#count(key, { key, inCache: undefined, inStore: modRevision });
      return;
    }
    this.#next++;
    const isEqual = cached.revision === modRevision && this.#hasBytesOf(cached, stored);
    this.#count(key, isEqual ? undefined : { key, inCache: cached.revision, inStore: modRevision });
  }

  #hasBytesOf({ object }: CachedItem<T>, { value }: KeyValue): boolean {
    const { bytesOf } = this.#options;
    return bytesOf === undefined || Buffer.compare(bytesOf(object), value) === 0;
  }

  /** The cache has what the store has not. */
  #takeSurplus(): void {
    const { key, revision } = this.#cached[this.#next++]!;
    this.#count(key, { key, inCache: revision, inStore: undefined });
  }

  #count(key: string, difference: CacheDifference | undefined): void {
    const name = this.#options.groupOf(key);
    let group = this.#groups.get(name);
    if (!group) {
      group = { keys: 0, differences: 0, first: undefined };
      this.#groups.set(name, group);
    }
    group.keys++;
    if (!difference) return;
    group.differences++;
    group.first ??= difference;
  }
}
