/** A priority queue whose items can be taken out by key. The first is the one that comes before all others. */
export class Heap<T> {
  readonly #keyOf: (item: T) => string;
  readonly #isBefore: (a: T, b: T) => boolean;
  readonly #items: T[] = [];
  readonly #positions = new Map<string, number>();

  constructor(keyOf: (item: T) => string, isBefore: (a: T, b: T) => boolean) {
    this.#keyOf = keyOf;
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#items.length;
  }

  get(key: string): T | undefined {
    const position = this.#positions.get(key);
    return position === undefined ? undefined : this.#items[position];
  }

  /** In no order. */
  values(): Iterable<T> {
    return this.#items.values();
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  /** Adds, or puts in the place of the item with the same key. */
  put(item: T): void {
    this.take(this.#keyOf(item));
    this.#set(this.#items.length, item);
    this.#rise(this.#items.length - 1);
  }

  pop(): T | undefined {
    const first = this.#items[0];
    return first === undefined ? undefined : this.take(this.#keyOf(first));
  }

  /** Takes out the item of this key. */
  take(key: string): T | undefined {
    const position = this.#positions.get(key);
    if (position === undefined) return undefined;
    const item = this.#items[position]!;
    const last = this.#items.pop()!;
    this.#positions.delete(key);
    if (position < this.#items.length) {
      this.#set(position, last);
      this.#rise(position);
      this.#sink(position);
    }
    return item;
  }

  #set(position: number, item: T): void {
    this.#items[position] = item;
    this.#positions.set(this.#keyOf(item), position);
  }

  #swap(a: number, b: number): void {
    const [first, second] = [this.#items[a]!, this.#items[b]!];
    this.#set(a, second);
    this.#set(b, first);
  }

  #rise(from: number): void {
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(this.#items[at]!, this.#items[parent]!)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #sink(from: number): void {
    for (let at = from; ; ) {
      let first = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < this.#items.length && this.#isBefore(this.#items[child]!, this.#items[first]!))
          first = child;
      }
      if (first === at) return;
      this.#swap(at, first);
      at = first;
    }
  }
}
