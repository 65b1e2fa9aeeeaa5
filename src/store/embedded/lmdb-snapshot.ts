import type { RecordHead, Snapshot, VersionRecord } from "./backend.ts";
import { compareKeys } from "./key-order.ts";
import type { LmdbTables, Table } from "./lmdb-tables.ts";
import { decodeRecord, encodeNumber, prefixEnd, type StoredHead, verifyHead } from "./record-codec.ts";

/**
 * LMDB gives one event-loop turn's reads the same snapshot, so nothing has to be released at the end. That holds as long as no
 * iteration is left open from one turn to the next.
 */
export class LmdbSnapshot implements Snapshot {
  readonly revision: number;
  readonly #tables: LmdbTables;

  constructor(tables: LmdbTables) {
    this.#tables = tables;
    this.revision = tables.readNumber("revision");
  }

  head(key: string): RecordHead | undefined {
    const { keys, tombstones } = this.#tables;
    const living = keys.get(key);
    if (living) return verifyHead(key, living, false);
    const dead = tombstones.get(key);
    return dead && verifyHead(key, dead, true);
  }

  *heads(
    prefix: string,
    options: { startAfter?: string | undefined; tombstones: boolean },
  ): Iterable<RecordHead> {
    const { keys, tombstones } = this.#tables;
    const living = headsOf(keys, prefix, options.startAfter, false);
    if (!options.tombstones) yield* living;
    else yield* merge(living, headsOf(tombstones, prefix, options.startAfter, true));
  }

  count(prefix: string, startAfter?: string): number {
    const range = rangeOf(prefix, startAfter);
    const count = this.#tables.keys.getKeysCount(range);
    // Counting has no exclusive start.
    const startsAtLiving =
      startAfter !== undefined && range.start === startAfter && this.#tables.keys.doesExist(startAfter);
    return startsAtLiving ? count - 1 : count;
  }

  version(key: string, revision: number): VersionRecord | undefined {
    const bytes = this.#tables.history.get({ number: revision, key });
    return bytes && decodeRecord(key, revision, bytes);
  }

  *history(from: number, to: number): Iterable<VersionRecord> {
    for (const { key, value } of this.#tables.history.getRange(revisionRange(from, to))) {
      yield decodeRecord(key.key, key.number, value);
    }
  }

  historyHeads(from: number, to: number): Iterable<RecordHead> {
    return this.history(from, to);
  }
}

function* headsOf(
  table: Table<StoredHead>,
  prefix: string,
  startAfter: string | undefined,
  deleted: boolean,
): Generator<RecordHead> {
  for (const { key, value } of table.getRange(rangeOf(prefix, startAfter))) {
    if (key === startAfter) continue;
    yield verifyHead(key, value, deleted);
  }
}

const LOWEST = Buffer.from([0]);

// biome-ignore lint/suspicious/noExplicitAny: bounds may be bytes where keys are text
function rangeOf(prefix: string, startAfter: string | undefined): { start: any; end?: any } {
  const start = startAfter !== undefined && compareKeys(startAfter, prefix) > 0 ? startAfter : prefix;
  const end = prefixEnd(prefix);
  return { start: start === "" ? LOWEST : start, ...(end ? { end } : {}) };
}

// biome-ignore lint/suspicious/noExplicitAny: bounds are bytes where keys are pairs
function revisionRange(from: number, to: number): { start: any; end: any } {
  return { start: encodeNumber(from), end: encodeNumber(to + 1) };
}

/** Two sequences in order of their keys as one; no key is in both. */
function* merge(left: Iterator<RecordHead>, right: Iterator<RecordHead>): Generator<RecordHead> {
  try {
    let a = left.next();
    let b = right.next();
    while (!a.done || !b.done) {
      if (b.done || (!a.done && compareKeys(a.value.key, b.value.key) < 0)) {
        yield a.value as RecordHead;
        a = left.next();
      } else {
        yield b.value;
        b = right.next();
      }
    }
  } finally {
    // A cursor left open would hold its snapshot, and with it every page that is freed from then on.
    left.return?.();
    right.return?.();
  }
}
