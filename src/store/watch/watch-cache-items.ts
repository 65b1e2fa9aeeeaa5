import { SortedItems } from "../embedded/sorted-items.ts";

export interface CachedItem<T> {
  readonly key: string;
  /** Of the write that made this state. */
  readonly revision: number;
  readonly object: T;
}

/** Lists that are kept, so that a client which asks for ever new prefixes fills no memory. */
const MAX_LISTS = 100;

/** The state of a watch cache: by key, and in order of the keys. Items are replaced, never changed. */
export class CachedItems<T> {
  readonly #byKey = new Map<string, CachedItem<T>>();
  readonly #sorted = new SortedItems<CachedItem<T>>();
  /** What was asked for, by prefix, until one of it changes: who asks for the same gets the same. */
  readonly #lists = new Map<string, readonly T[]>();

  get size(): number {
    return this.#byKey.size;
  }

  get(key: string): CachedItem<T> | undefined {
    return this.#byKey.get(key);
  }

  put(item: CachedItem<T>): void {
    this.#forgetLists(item.key);
    this.#byKey.set(item.key, item);
    this.#sorted.set(item);
  }

  delete(key: string): void {
    this.#forgetLists(key);
    this.#byKey.delete(key);
    this.#sorted.delete(key);
  }

  /** Objects whose keys start with the prefix, in order of their keys. */
  list(prefix: string): readonly T[] {
    const known = this.#lists.get(prefix);
    if (known) return known;
    const objects: T[] = [];
    for (const item of this.#sorted.withPrefix(prefix)) objects.push(item.object);
    if (this.#lists.size >= MAX_LISTS) this.#lists.clear();
    this.#lists.set(prefix, objects);
    return objects;
  }

  #forgetLists(key: string): void {
    for (const prefix of this.#lists.keys()) if (key.startsWith(prefix)) this.#lists.delete(prefix);
  }

  count(prefix: string): number {
    return this.#sorted.countWithPrefix(prefix);
  }

  withPrefix(prefix: string): Iterable<CachedItem<T>> {
    return this.#sorted.withPrefix(prefix);
  }
}
