import { GantryError } from "../../base/index.ts";
import { compareKeys } from "../embedded/key-order.ts";
import type { Table } from "../embedded/lmdb-tables.ts";
import type { NumberedKey } from "../embedded/record-codec.ts";

/**
 * Writes history entries. They come in order of their revisions, and LMDB fills its pages when it is told that an entry goes to
 * the end; else it leaves each page half empty. Told so wrongly it leaves the entry out: hence the comparison, and `confirm`.
 */
export class HistoryAppender {
  readonly #table: Table;
  /** At least as high as the last entry of the table. */
  #last: NumberedKey;
  #appended: Promise<boolean>[] = [];

  constructor(table: Table) {
    this.#table = table;
    const [last] = table.getKeys({ reverse: true, limit: 1 });
    this.#last = last ?? { number: 0, key: "" };
  }

  put(at: NumberedKey, entry: Buffer): void {
    if (!isAfter(at, this.#last)) {
      void this.#table.put(at, entry);
      return;
    }
    this.#last = at;
    // biome-ignore lint/suspicious/noExplicitAny: the library's types lack an option that it documents
    const appended = this.#table.put(at, entry, { append: true } as any);
    // Whoever commits hears of a failed commit.
    appended.catch(() => {});
    this.#appended.push(appended);
  }

  /** After the commit: throws if it failed, or left out an entry. */
  async confirm(): Promise<void> {
    const appended = this.#appended;
    this.#appended = [];
    for (const one of appended) {
      if (!(await one)) throw new GantryError("Internal", "LMDB left out a version that it was to append");
    }
  }
}

function isAfter(a: NumberedKey, b: NumberedKey): boolean {
  return a.number > b.number || (a.number === b.number && compareKeys(a.key, b.key) > 0);
}
