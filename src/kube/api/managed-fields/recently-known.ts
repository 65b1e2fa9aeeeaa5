const GENERATION = 4096;

/** Remembers what was worked out for the last some thousand objects, and forgets it with them. */
export class RecentlyKnown<K extends object, V> {
  #young = new WeakMap<K, V>();
  #old = new WeakMap<K, V>();
  #count = 0;

  get(key: K): V | undefined {
    const found = this.#young.get(key);
    if (found !== undefined) return found;
    const older = this.#old.get(key);
    if (older !== undefined) this.set(key, older);
    return older;
  }

  set(key: K, value: V): void {
    if (++this.#count > GENERATION) {
      this.#old = this.#young;
      this.#young = new WeakMap();
      this.#count = 1;
    }
    this.#young.set(key, value);
  }
}
