import { SortedItems } from "./sorted-items.ts";

export interface CachedItem<T> {
  readonly key: string;
  /** Of the write that made this state. */
  readonly revision: number;
  readonly object: T;
}

/** The state of a watch cache: by key, and in order of the keys. Items are replaced, never changed. */
export class CachedItems<T> {
  readonly #byKey = new Map<string, CachedItem<T>>();
  readonly #sorted = new SortedItems<CachedItem<T>>();

  get size(): number {
    return this.#byKey.size;
  }

  get(key: string): CachedItem<T> | undefined {
    return this.#byKey.get(key);
  }

  put(item: CachedItem<T>): void {
    this.#byKey.set(item.key, item);
    this.#sorted.set(item);
  }

  delete(key: string): void {
    this.#byKey.delete(key);
    this.#sorted.delete(key);
  }

  withPrefix(prefix: string): Iterable<CachedItem<T>> {
    return this.#sorted.withPrefix(prefix);
  }
}
