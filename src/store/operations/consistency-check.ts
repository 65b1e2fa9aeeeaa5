import { errorMessage, FairTurn, isGantryError } from "../../base/index.ts";
import type { RecordHead, VersionRecord } from "../embedded/backend.ts";
import { compareKeys } from "../embedded/key-order.ts";
import type { LmdbTables, Table } from "../embedded/lmdb-tables.ts";
import { decodeRecord, type NumberedKey, verifyHead } from "../embedded/record-codec.ts";
import type { CheckProblem } from "../types.ts";

const PAGE_KEYS = 500;
const LOWEST = Buffer.from([0]);
/** The revision of a new store: nothing was written by it. */
const FIRST_REVISION = 1;

/**
 * Reads every entry and holds them against each other: checksums, each key's head against its newest version, each version's
 * chain to the one before, no revision missing and nothing newer than the store's, each lease's keys. Others may write meanwhile:
 * what is held against each other is read within one turn of the event loop, which sees one state.
 */
export async function checkTables(tables: LmdbTables, signal?: AbortSignal): Promise<CheckProblem[]> {
  return new Check(tables, signal).run();
}

/** How a table is gone through. */
interface Walk<K> {
  compare(a: K, b: K): number;
  /** The next keys, in the turn in which they were listed. */
  page?(keys: readonly K[], isLast: boolean): void;
  /** Each of them, perhaps some turns later. */
  key(key: K): void;
}

class Check {
  readonly #tables: LmdbTables;
  readonly #turn: FairTurn;
  readonly #problems: CheckProblem[] = [];
  readonly #startRevision: number;
  readonly #listed = new Set<string>();
  #expectedRevision = FIRST_REVISION + 1;

  constructor(tables: LmdbTables, signal: AbortSignal | undefined) {
    this.#tables = tables;
    this.#turn = new FairTurn(signal);
    this.#startRevision = tables.readNumber("revision");
  }

  async run(): Promise<CheckProblem[]> {
    const { keys, tombstones, history, leaseKeys, leases } = this.#tables;
    await this.#walk<string>(keys, { compare: compareKeys, key: (key) => this.#checkHead(key, false) });
    await this.#walk<string>(tombstones, { compare: compareKeys, key: (key) => this.#checkHead(key, true) });
    await this.#walk<NumberedKey>(history, {
      compare: compareNumberedKeys,
      page: (positions, isLast) => this.#checkNoneMissing(positions, isLast),
      key: (position) => this.#checkVersion(position),
    });
    await this.#walk<NumberedKey>(leaseKeys, {
      compare: compareNumberedKeys,
      key: (position) => this.#checkLeaseKey(position),
    });
    await this.#walk<NumberedKey>(leases, {
      compare: compareNumberedKeys,
      key: ({ number }) => {
        if (!(number > 0)) this.#report("Check.LeaseMismatch", `a lease has the id ${number}`);
      },
    });
    return this.#problems;
  }

  /** In pages: an iteration that stays open over turns would hold its state, and with it all pages that are freed since. */
  async #walk<K extends string | NumberedKey>(table: Table<unknown>, walk: Walk<K>): Promise<void> {
    for (let after: K | undefined; ; ) {
      const page = keysAfter(table, after);
      const isLast = page.length < PAGE_KEYS;
      walk.page?.(page, isLast);
      const before = after;
      for (const key of page) {
        if (after !== undefined && walk.compare(after, key) >= 0) this.#reportDisorder(key);
        after = key;
        if (this.#turn.isSpent) await this.#turn.next();
        walk.key(key);
      }
      // Keys in disorder could lead round in a circle.
      if (isLast || (before !== undefined && walk.compare(before, after!) >= 0)) return;
    }
  }

  /** What was listed may have changed since; each head is read again beside its version. */
  #checkHead(key: string, deleted: boolean): void {
    this.#listed.add(key);
    const stored = (deleted ? this.#tables.tombstones : this.#tables.keys).get(key);
    const head = stored && this.#decoded(() => verifyHead(key, stored, deleted), key);
    if (!head) return;
    const record = this.#version(key, head.modRevision);
    if (record === "damaged") return;
    if (!record) {
      // A tombstone's version goes first when compaction is cut off between the two.
      if (deleted) return;
      this.#report("Check.MissingVersion", `the newest version of ${key} is missing`, key, head.modRevision);
    } else if (!sameNumbers(head, record)) {
      const message = `the entry of ${key} differs from its newest version`;
      this.#report("Check.HeadMismatch", message, key, head.modRevision);
    }
  }

  #checkNoneMissing(positions: readonly NumberedKey[], isLast: boolean): void {
    const newest = this.#tables.readNumber("revision");
    let expected = Math.max(this.#expectedRevision, this.#tables.readNumber("compactRevision") + 1);
    for (const { number } of positions) {
      if (number > expected)
        this.#report("Check.MissingRevision", `revision ${expected} is missing`, undefined, expected);
      if (number >= expected) expected = number + 1;
    }
    if (isLast && expected <= newest) {
      const message = `revisions ${expected} to ${newest} are missing`;
      this.#report("Check.MissingRevision", message, undefined, expected);
    }
    this.#expectedRevision = expected;
  }

  #checkVersion({ number, key }: NumberedKey): void {
    if (this.#isHidden(key)) this.#report("Check.Hidden", `${key} is there, but not in lists`, key, number);
    const record = this.#version(key, number);
    if (!record || record === "damaged") return;
    if (number > this.#tables.readNumber("revision"))
      this.#report("Check.FutureVersion", `a version of ${key} is newer than the store`, key, number);
    const { previousRevision, version } = record;
    const needsPrevious = previousRevision !== 0 && version !== 1;
    if (
      needsPrevious &&
      number > this.#tables.readNumber("compactRevision") &&
      !this.#tables.history.doesExist({ number: previousRevision, key })
    ) {
      this.#report("Check.BrokenChain", `the version of ${key} before this one is missing`, key, number);
    }
    if (!this.#head(key)) this.#report("Check.Orphan", `a version of ${key} belongs to no key`, key, number);
  }

  /**
   * A damaged inner page can hide entries from those who go through all, and show them to those who look for one. A key that
   * was written since the lists were read may be in none of them.
   */
  #isHidden(key: string): boolean {
    if (this.#listed.has(key)) return false;
    const head = this.#head(key);
    return head !== undefined && head.modRevision <= this.#startRevision;
  }

  #checkLeaseKey({ number, key }: NumberedKey): void {
    if (!this.#tables.leaseKeys.doesExist({ number, key })) return;
    const stored = this.#tables.keys.get(key);
    const head = stored && this.#decoded(() => verifyHead(key, stored, false), key);
    if (head?.lease !== number)
      this.#report("Check.LeaseMismatch", `lease ${number} names ${key}, which is not on it`, key);
  }

  #head(key: string): { modRevision: number } | undefined {
    return this.#tables.keys.get(key) ?? this.#tables.tombstones.get(key);
  }

  #version(key: string, revision: number): VersionRecord | "damaged" | undefined {
    const bytes = this.#tables.history.get({ number: revision, key });
    if (!bytes) return undefined;
    return this.#decoded(() => decodeRecord(key, revision, bytes), key, revision) ?? "damaged";
  }

  #decoded<T>(decode: () => T, key: string, revision?: number): T | undefined {
    try {
      return decode();
    } catch (error) {
      if (!isGantryError(error, "DataLoss")) throw error;
      this.#report("Check.Damaged", errorMessage(error), key, revision);
      return undefined;
    }
  }

  #reportDisorder(key: string | NumberedKey): void {
    const name = typeof key === "string" ? key : key.key;
    this.#report("Check.Disorder", `${name} stands in the wrong place`, name);
  }

  #report(code: string, message: string, key?: string, revision?: number): void {
    this.#problems.push({
      code,
      message,
      ...(key === undefined ? {} : { key }),
      ...(revision === undefined ? {} : { revision }),
    });
  }
}

function keysAfter<K>(table: Table<unknown>, after: K | undefined): K[] {
  const start = (after ?? LOWEST) as never;
  return [...table.getKeys({ start, exclusiveStart: after !== undefined, limit: PAGE_KEYS })];
}

function compareNumberedKeys(a: NumberedKey, b: NumberedKey): number {
  return a.number - b.number || compareKeys(a.key, b.key);
}

function sameNumbers(a: RecordHead, b: RecordHead): boolean {
  return (
    a.createRevision === b.createRevision &&
    a.modRevision === b.modRevision &&
    a.version === b.version &&
    a.lease === b.lease &&
    a.deleted === b.deleted &&
    a.previousRevision === b.previousRevision
  );
}
