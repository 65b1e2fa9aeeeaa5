import { type Database, type DatabaseOptions, open, type RootDatabase } from "lmdb";
import { corrupt } from "../errors.ts";
import { HistoryAppender } from "../watch/history-appender.ts";
import {
  copiedBytes,
  numberedKeys,
  type StoredHead,
  storedHeads,
  textKeys,
  type ValueDecoder,
} from "./record-codec.ts";

/** Keys are text, or a number with text; the library's types know only its own forms. */
// biome-ignore lint/suspicious/noExplicitAny: see above
export type Table<T = Buffer> = Database<T, any>;

/** Counters that every commit or compaction moves. */
export type MetaName = "format" | "revision" | "compactRevision" | "compactedThrough";

const TABLES = ["meta", "keys", "tombstones", "history", "leases", "lease-keys"];

/** Address space that the file may grow into; it takes no disk or memory before it is used. */
const MAP_SIZE_BYTES = 64 * 2 ** 30;

/** The tables of the LMDB store; docs/disk-layout.md draws them. */
export class LmdbTables {
  readonly root: RootDatabase<Buffer, string>;
  readonly meta: Table;
  /** Key to the head of its newest version, for keys that live. */
  readonly keys: Table<StoredHead>;
  /** The same for deleted keys, until compaction forgets them. */
  readonly tombstones: Table<StoredHead>;
  /** (revision, key) to the version that it wrote. */
  readonly history: Table;
  /** How new versions get into `history`. */
  readonly historyEnd: HistoryAppender;
  /** Lease id to its time to live. */
  readonly leases: Table;
  /** (lease id, key) for each key that hangs on a lease. */
  readonly leaseKeys: Table;

  constructor(dir: string) {
    this.root = open<Buffer, string>({
      path: dir,
      noSubdir: false,
      encoding: "binary",
      mapSize: MAP_SIZE_BYTES,
      maxDbs: 8,
      // A transaction becomes visible only after it is on the disk.
      overlappingSync: false,
      // Commits are put together by CommitQueue. The library's own grouping makes promises that nobody can catch.
      eventTurnBatching: false,
      // biome-ignore lint/suspicious/noExplicitAny: the library's types lack an option that it documents
    } as any);
    this.#refuseMissingTables();
    const tables = this.root.transactionSync(() => ({
      meta: this.#table("meta", textKeys, copiedBytes),
      keys: this.#table("keys", textKeys, storedHeads),
      tombstones: this.#table("tombstones", textKeys, storedHeads),
      history: this.#table("history", numberedKeys, copiedBytes),
      leases: this.#table("leases", numberedKeys, copiedBytes),
      leaseKeys: this.#table("lease-keys", numberedKeys, copiedBytes),
    }));
    this.meta = tables.meta;
    this.keys = tables.keys;
    this.tombstones = tables.tombstones;
    this.history = tables.history;
    this.leases = tables.leases;
    this.leaseKeys = tables.leaseKeys;
    this.historyEnd = new HistoryAppender(tables.history);
  }

  /** They are made in one transaction: where one is missing its name is damaged, and an empty one must not take its place. */
  #refuseMissingTables(): void {
    const found = new Set(this.root.getKeys());
    const missing = TABLES.filter((name) => !found.has(name));
    if (found.size === 0 || missing.length === 0) return;
    void this.root.close();
    throw corrupt(`the store has lost its table "${missing[0]}"`, { missing });
  }

  readNumber(name: MetaName): number {
    return this.meta.get(name)?.readDoubleBE() ?? 0;
  }

  #table<T>(name: string, keyEncoder: object, encoder: ValueDecoder<T>): Table<T> {
    const options = { encoding: "binary", encoder: { ...encoder }, keyEncoder } as DatabaseOptions;
    return this.root.openDB(name, options) as Table<T>;
  }
}
