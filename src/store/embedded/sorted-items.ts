import { compareKeys, lowerBound } from "./key-order.ts";

interface Keyed {
  readonly key: string;
}

const MAX_CHUNK = 512;
/** Greater than whatever follows a prefix. */
const LAST_CHARACTER = "\u{10ffff}";
const keyOf = (item: Keyed) => item.key;

/**
 * Items in order of their keys, in chunks of some hundred, so that putting one in or taking one out moves little however many
 * there are.
 */
export class SortedItems<T extends Keyed> {
  #chunks: T[][] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Takes the place of the item with the same key, if there is one. */
  set(item: T): void {
    const last = this.#chunks.at(-1)?.at(-1);
    if (!last || compareKeys(item.key, last.key) > 0) {
      this.#append(item);
      return;
    }
    const at = this.#chunkFor(item.key);
    const chunk = this.#chunks[at]!;
    const index = lowerBound(chunk, item.key, keyOf);
    if (chunk[index]?.key === item.key) {
      chunk[index] = item;
      return;
    }
    chunk.splice(index, 0, item);
    this.#size++;
    if (chunk.length > MAX_CHUNK) this.#chunks.splice(at + 1, 0, chunk.splice(chunk.length >>> 1));
  }

  delete(key: string): boolean {
    const at = this.#chunkFor(key);
    const chunk = this.#chunks[at];
    if (!chunk) return false;
    const index = lowerBound(chunk, key, keyOf);
    if (chunk[index]?.key !== key) return false;
    chunk.splice(index, 1);
    if (chunk.length === 0) this.#chunks.splice(at, 1);
    this.#size--;
    return true;
  }

  clear(): void {
    this.#chunks = [];
    this.#size = 0;
  }

  /** Items whose keys start with the prefix, in order. */
  *withPrefix(prefix: string): Generator<T> {
    let at = this.#chunkFor(prefix);
    let index = lowerBound(this.#chunks[at] ?? [], prefix, keyOf);
    for (; at < this.#chunks.length; at++, index = 0) {
      const chunk = this.#chunks[at]!;
      for (; index < chunk.length; index++) {
        const item = chunk[index]!;
        if (!item.key.startsWith(prefix)) return;
        yield item;
      }
    }
  }

  /** Looks at the ends only. */
  countWithPrefix(prefix: string): number {
    const afterAll = prefix + LAST_CHARACTER;
    const [first, last] = [this.#chunkFor(prefix), this.#chunkFor(afterAll)];
    const before = (at: number, key: string) => lowerBound(this.#chunks[at] ?? [], key, keyOf);
    let count = before(last, afterAll) - before(first, prefix);
    for (let at = first; at < last; at++) count += this.#chunks[at]!.length;
    return count;
  }

  /** What comes in order fills the chunks. */
  #append(item: T): void {
    const chunk = this.#chunks.at(-1);
    if (chunk && chunk.length < MAX_CHUNK) chunk.push(item);
    else this.#chunks.push([item]);
    this.#size++;
  }

  /** Index of the last chunk that begins at or before the key; the first one where none does. */
  #chunkFor(key: string): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareKeys(this.#chunks[middle]![0]!.key, key) <= 0) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }
}
