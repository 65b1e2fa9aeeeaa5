import { GantryError } from "../../../base/index.ts";
import type { Store } from "../../../store/types.ts";
import type { ObjectCache } from "../objects/object-cache.ts";
import { StoredObject } from "../objects/stored-object.ts";

/** What a thread needs to have in memory: all objects under some prefixes, as they were when they were read. */
export class PrefixCache implements ObjectCache {
  readonly #items = new Map<string, StoredObject>();
  revision = 0;

  async load(store: Pick<Store, "range">, prefix: string): Promise<void> {
    const { items, revision } = await store.range(prefix, { uncounted: true });
    this.revision = revision;
    for (const { key, value, modRevision } of items)
      this.#items.set(key, new StoredObject(key, value, modRevision));
  }

  get(key: string): StoredObject | undefined {
    return this.#items.get(key);
  }

  list(prefix: string): readonly StoredObject[] {
    return [...this.#items].filter(([key]) => key.startsWith(prefix)).map(([, item]) => item);
  }

  waitFor(): Promise<boolean> {
    return Promise.resolve(true);
  }

  watch(): never {
    throw new GantryError("Internal", "a thread of the API server watches nothing");
  }
}
