/**
 * Who watches what, by the prefix of its keys. An event finds its watchers by the beginnings of its own key, as long as there
 * are watched prefixes of that length: the many who watch something else cost nothing.
 */
export class PrefixGroups<W> {
  readonly #byPrefix = new Map<string, Set<W>>();
  /** How many watched prefixes are so long. */
  readonly #lengths = new Map<number, number>();

  /** Returns the way out. */
  add(prefix: string, watcher: W): () => void {
    let group = this.#byPrefix.get(prefix);
    if (!group) {
      group = new Set();
      this.#byPrefix.set(prefix, group);
      this.#lengths.set(prefix.length, (this.#lengths.get(prefix.length) ?? 0) + 1);
    }
    group.add(watcher);
    const joined = group;
    return () => {
      joined.delete(watcher);
      if (joined.size === 0 && this.#byPrefix.get(prefix) === joined) this.#drop(prefix);
    };
  }

  *all(): Generator<W> {
    for (const group of this.#byPrefix.values()) yield* group;
  }

  clear(): void {
    this.#byPrefix.clear();
    this.#lengths.clear();
  }

  /** The watchers of what begins a key of one of the events, each group with those of the events that are its own, in order. */
  groupsFor<E>(events: readonly E[], keyOf: (event: E) => string): Map<Set<W>, E[]> {
    const found = new Map<Set<W>, E[]>();
    for (const event of events) {
      const key = keyOf(event);
      for (const length of this.#lengths.keys()) {
        const group = length <= key.length ? this.#byPrefix.get(key.slice(0, length)) : undefined;
        if (!group) continue;
        const own = found.get(group);
        if (own) own.push(event);
        else found.set(group, [event]);
      }
    }
    return found;
  }

  #drop(prefix: string): void {
    this.#byPrefix.delete(prefix);
    const left = this.#lengths.get(prefix.length)! - 1;
    if (left > 0) this.#lengths.set(prefix.length, left);
    else this.#lengths.delete(prefix.length);
  }
}
