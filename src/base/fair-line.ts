/** A line in which the owners of what waits take turns: each one's first, then each one's second. */
export class FairLine<T> {
  /** In the order in which the owners are served. */
  readonly #byOwner = new Map<string, T[]>();

  get isEmpty(): boolean {
    return this.#byOwner.size === 0;
  }

  push(owner: string, item: T): void {
    const own = this.#byOwner.get(owner);
    if (own) own.push(item);
    else this.#byOwner.set(owner, [item]);
  }

  shift(): T | undefined {
    const [first] = this.#byOwner;
    if (!first) return undefined;
    const [owner, items] = first;
    this.#byOwner.delete(owner);
    const item = items.shift();
    if (items.length > 0) this.#byOwner.set(owner, items);
    return item;
  }

  /** Takes out what no longer wants to wait; false where it does not. */
  remove(owner: string, item: T): boolean {
    const items = this.#byOwner.get(owner);
    const at = items?.indexOf(item) ?? -1;
    if (at < 0) return false;
    items!.splice(at, 1);
    if (items!.length === 0) this.#byOwner.delete(owner);
    return true;
  }
}
