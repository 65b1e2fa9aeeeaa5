import { errorMessage, isGantryError } from "../base/index.ts";
import type { RecordHead, VersionRecord } from "./backend.ts";
import { compareKeys } from "./key-order.ts";
import type { LmdbTables } from "./lmdb-tables.ts";
import { decodeRecord, encodeNumber, type NumberedKey, verifyHead } from "./record-codec.ts";
import type { CheckProblem } from "./types.ts";

const EVERYTHING = { start: Buffer.from([0]) as never };
const YIELD_EVERY = 1000;
/** The revision of a new store: nothing was written by it. */
const FIRST_REVISION = 1;

/**
 * Reads every entry and holds them against each other: checksums, each key's head against its newest version, each version's
 * chain to the one before, no revision missing and nothing newer than the store's, each lease's keys.
 */
export async function checkTables(tables: LmdbTables): Promise<CheckProblem[]> {
  return new Check(tables).run();
}

class Check {
  readonly #tables: LmdbTables;
  readonly #problems: CheckProblem[] = [];
  #seen = 0;

  constructor(tables: LmdbTables) {
    this.#tables = tables;
  }

  async run(): Promise<CheckProblem[]> {
    // One turn of the event loop sees one snapshot.
    const { keys, tombstones, history } = this.#tables;
    const living: string[] = [...keys.getKeys({ ...EVERYTHING })];
    const dead: string[] = [...tombstones.getKeys({ ...EVERYTHING })];
    const positions: NumberedKey[] = [...history.getKeys({ ...EVERYTHING })];
    const revision = this.#tables.readNumber("revision");
    const compactRevision = this.#tables.readNumber("compactRevision");
    this.#checkOrder(living);
    this.#checkOrder(dead);
    this.#checkNoneMissing(positions, new Set([...living, ...dead]), compactRevision, revision);
    await this.#checkHeads(living, false);
    await this.#checkHeads(dead, true);
    await this.#checkHistory(positions, compactRevision);
    await this.#checkLeases();
    return this.#problems;
  }

  #checkOrder(keys: readonly string[]): void {
    for (let index = 1; index < keys.length; index++) {
      if (compareKeys(keys[index - 1]!, keys[index]!) >= 0) {
        this.#report("Check.Disorder", `${keys[index]} stands in the wrong place`, keys[index], undefined);
      }
    }
  }

  /** A damaged inner page can hide entries from those who go through all, and show them to those who look for one. */
  #checkNoneMissing(
    positions: readonly NumberedKey[],
    keys: ReadonlySet<string>,
    compactRevision: number,
    revision: number,
  ): void {
    let expected = Math.max(compactRevision, FIRST_REVISION) + 1;
    for (const { number, key } of positions) {
      if (!keys.has(key) && this.#exists(key)) {
        this.#report("Check.Hidden", `${key} is there, but not in lists`, key, number);
      }
      if (number > expected)
        this.#report("Check.MissingRevision", `revision ${expected} is missing`, undefined, expected);
      if (number >= expected) expected = number + 1;
    }
    if (expected <= revision) {
      this.#report(
        "Check.MissingRevision",
        `revisions ${expected} to ${revision} are missing`,
        undefined,
        expected,
      );
    }
  }

  async #checkHeads(keys: readonly string[], deleted: boolean): Promise<void> {
    const table = deleted ? this.#tables.tombstones : this.#tables.keys;
    // What was listed may change while others write; each head is read again beside its version.
    for (const key of keys) {
      await this.#pause();
      const stored = table.get(key);
      if (!stored) continue;
      const head = this.#decoded(() => verifyHead(key, stored, deleted), key, undefined);
      if (head) this.#checkNewest(head);
    }
  }

  #checkNewest(head: RecordHead): void {
    const { key, modRevision } = head;
    const record = this.#version(key, modRevision);
    if (record === "damaged") return;
    if (!record) {
      // A tombstone's version goes first when compaction is cut off between the two.
      if (!head.deleted)
        this.#report("Check.MissingVersion", `the newest version of ${key} is missing`, key, modRevision);
    } else if (!sameNumbers(head, record)) {
      this.#report(
        "Check.HeadMismatch",
        `the entry of ${key} differs from its newest version`,
        key,
        modRevision,
      );
    }
  }

  async #checkHistory(positions: readonly NumberedKey[], compactRevision: number): Promise<void> {
    for (const { number, key } of positions) {
      await this.#pause();
      const record = this.#version(key, number);
      if (!record || record === "damaged") continue;
      if (number > this.#tables.readNumber("revision")) {
        this.#report("Check.FutureVersion", `a version of ${key} is newer than the store`, key, number);
      }
      const { previousRevision, version } = record;
      const needsPrevious = number > compactRevision && previousRevision !== 0 && version !== 1;
      if (needsPrevious && this.#version(key, previousRevision) === undefined) {
        if (number <= this.#tables.readNumber("compactRevision")) continue;
        this.#report("Check.BrokenChain", `the version of ${key} before this one is missing`, key, number);
      }
      if (!this.#exists(key)) {
        this.#report("Check.Orphan", `a version of ${key} belongs to no key`, key, number);
      }
    }
  }

  async #checkLeases(): Promise<void> {
    for (const { number, key } of [...this.#tables.leaseKeys.getKeys({ ...EVERYTHING })]) {
      await this.#pause();
      const stored = this.#tables.keys.get(key);
      if (!this.#tables.leaseKeys.doesExist({ number, key })) continue;
      const head = stored && this.#decoded(() => verifyHead(key, stored, false), key, undefined);
      if (!head || head.lease !== number) {
        this.#report(
          "Check.LeaseMismatch",
          `lease ${number} names ${key}, which is not on it`,
          key,
          undefined,
        );
      }
    }
    for (const { key } of [...this.#tables.leases.getRange({ start: encodeNumber(0) as never })]) {
      if (!(key.number > 0))
        this.#report("Check.LeaseMismatch", `a lease has the id ${key.number}`, undefined, undefined);
    }
  }

  #exists(key: string): boolean {
    return this.#tables.keys.doesExist(key) || this.#tables.tombstones.doesExist(key);
  }

  #version(key: string, revision: number): VersionRecord | "damaged" | undefined {
    const bytes = this.#tables.history.get({ number: revision, key });
    if (!bytes) return undefined;
    return this.#decoded(() => decodeRecord(key, revision, bytes), key, revision) ?? "damaged";
  }

  #decoded<T>(decode: () => T, key: string, revision: number | undefined): T | undefined {
    try {
      return decode();
    } catch (error) {
      if (!isGantryError(error, "DataLoss")) throw error;
      this.#report("Check.Damaged", errorMessage(error), key, revision);
      return undefined;
    }
  }

  #report(code: string, message: string, key: string | undefined, revision: number | undefined): void {
    this.#problems.push({
      code,
      message,
      ...(key === undefined ? {} : { key }),
      ...(revision === undefined ? {} : { revision }),
    });
  }

  async #pause(): Promise<void> {
    if (++this.#seen % YIELD_EVERY === 0) await new Promise((resolve) => setImmediate(resolve));
  }
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
