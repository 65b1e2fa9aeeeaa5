import { statSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type GantryError, isGantryError } from "../../base/index.ts";
import { closed, noSpace, notReadable, readOnly } from "../errors.ts";
import { checkTables } from "../operations/consistency-check.ts";
import type { CheckProblem } from "../types.ts";
import type {
  DefragmentOptions,
  LoadedState,
  Mutation,
  RecordHead,
  Snapshot,
  StoreBackend,
} from "./backend.ts";
import { DefragmentedCopy } from "./defragmented-copy.ts";
import { isFullDisk, maintenanceError } from "./disk-errors.ts";
import { FileReserve } from "./file-reserve.ts";
import { checkOpenPages, copyTables, refuseToCopyDamage } from "./lmdb-copy.ts";
import { DATA_FILE, damageOf, FORMAT, openTables, WORK_PREFIX } from "./lmdb-open.ts";
import { LmdbSnapshot } from "./lmdb-snapshot.ts";
import { bytesInUse, bytesTouched, keyCount } from "./lmdb-stats.ts";
import { LmdbTables, type MetaName, type Table } from "./lmdb-tables.ts";
import { adoptValue, encodeHead, encodeNumber, encodeRecord, type StoredHead } from "./record-codec.ts";
import { hasWrittenMark, leaveWrittenMark, lost, refuseLostData } from "./written-mark.ts";

const FIRST_REVISION = 1;
const PRESENT = Buffer.from([1]);

export interface LmdbBackendOptions {
  dir: string;
  onClosed: () => void;
}

/** Keeps the data in one LMDB file. A commit is one LMDB transaction, written and synced on LMDB's own thread. */
export class LmdbBackend implements StoreBackend {
  readonly #dir: string;
  readonly #dataFile: string;
  readonly #onClosed: () => void;
  #tables: LmdbTables | undefined;
  #reserve: FileReserve | undefined;
  #isReopening = false;

  constructor(options: LmdbBackendOptions) {
    this.#dir = options.dir;
    this.#dataFile = join(options.dir, DATA_FILE);
    this.#onClosed = options.onClosed;
  }

  async open(): Promise<LoadedState> {
    await removeCutOffWork(this.#dir);
    refuseLostData(this.#dir);
    const tables = await openTables(this.#dir);
    this.#tables = tables;
    this.#reserve = this.#newReserve(this.#dataFile);
    if (tables.readNumber("format") === 0) {
      if (hasWrittenMark(this.#dir)) throw lost(this.#dir, `${this.#dataFile} holds no store`);
      await this.#durably(() => {
        this.#putNumber("format", FORMAT);
        this.#putNumber("revision", FIRST_REVISION);
      });
    }
    await leaveWrittenMark(this.#dir);
    return {
      revision: tables.readNumber("revision"),
      compactRevision: tables.readNumber("compactRevision"),
      compactedThrough: tables.readNumber("compactedThrough"),
      leases: loadLeases(tables),
    };
  }

  snapshot(): Snapshot {
    const tables = this.#open();
    try {
      return new LmdbSnapshot(tables);
    } catch (error) {
      throw notReadable(error);
    }
  }

  adopt(value: Uint8Array): Uint8Array {
    return adoptValue(value);
  }

  async commit(mutations: readonly Mutation[], revision: number): Promise<void> {
    this.#reserve?.ensure(costOf(mutations));
    await this.#durably(() => {
      for (const mutation of mutations) this.#apply(mutation);
      this.#putNumber("revision", revision);
    });
  }

  canRecover(error: unknown): boolean {
    return isGantryError(error, "ResourceExhausted");
  }

  size(): { keyCount: number; sizeBytes: number; sizeInUseBytes: number } {
    const tables = this.#open();
    return {
      keyCount: keyCount(tables),
      sizeBytes: statSync(this.#dataFile).size,
      sizeInUseBytes: bytesInUse(tables),
    };
  }

  async check(signal: AbortSignal): Promise<CheckProblem[]> {
    const tables = this.#open();
    const problems = await checkOpenPages(tables, this.#dataFile, signal);
    // LMDB would not outlive to read on.
    if (problems.length > 0)
      return problems.map((problem) => ({ code: "Check.DamagedPage", message: damageOf(problem) }));
    return checkTables(tables, signal);
  }

  async copyInto(dir: string, signal: AbortSignal): Promise<void> {
    await refuseToCopyDamage(this.#open(), this.#dataFile, signal);
    await copyTables(this.#open(), dir);
  }

  async defragment({ signal, pauseCommits }: DefragmentOptions): Promise<void> {
    await refuseToCopyDamage(this.#open(), this.#dataFile, signal);
    await pauseCommits();
    const before = { tables: this.#open(), reserve: this.#reserve };
    const copy = await DefragmentedCopy.write(this.#dir, before.tables);
    let reserve: FileReserve | undefined;
    try {
      reserve = this.#newReserve(copy.dataFile);
      await copy.putInPlace();
    } catch (error) {
      reserve?.close();
      await copy.discard();
      throw maintenanceError("defragmentation", error);
    }
    // Readers change over between two turns of the event loop: both hold the same.
    this.#tables = copy.tables;
    this.#reserve = reserve;
    await before.tables.root.close();
    before.reserve?.close();
    await copy.settle();
  }

  async close(): Promise<void> {
    const tables = this.#tables;
    this.#tables = undefined;
    await tables?.root.close();
    this.#reserve?.close();
    this.#reserve = undefined;
    this.#onClosed();
  }

  #newReserve(path: string): FileReserve {
    return new FileReserve(path, () => bytesTouched(this.#open()));
  }

  #open(): LmdbTables {
    if (!this.#tables) throw this.#isReopening ? notReadable() : closed();
    return this.#tables;
  }

  #apply(mutation: Mutation): void {
    const tables = this.#open();
    switch (mutation.type) {
      case "version": {
        const { record, previousLease } = mutation;
        const { key, modRevision, lease } = record;
        tables.historyEnd.put({ number: modRevision, key }, encodeRecord(record));
        if (record.deleted) {
          void tables.keys.remove(key);
          void putHead(tables.tombstones, record);
        } else {
          void putHead(tables.keys, record);
          if (record.version === 1 && record.previousRevision !== 0) void tables.tombstones.remove(key);
        }
        if (previousLease !== 0 && previousLease !== lease)
          void tables.leaseKeys.remove({ number: previousLease, key });
        if (lease !== 0 && lease !== previousLease)
          void tables.leaseKeys.put({ number: lease, key }, PRESENT);
        return;
      }
      case "lease": {
        const at = { number: mutation.id, key: "" };
        if (mutation.ttlSeconds === undefined) void tables.leases.remove(at);
        else void tables.leases.put(at, encodeNumber(mutation.ttlSeconds));
        return;
      }
      case "dropVersion":
        void tables.history.remove({ number: mutation.revision, key: mutation.key });
        return;
      case "dropTombstone":
        void tables.tombstones.remove(mutation.key);
        return;
      case "compacted":
        this.#putNumber("compactRevision", mutation.revision);
        return;
      case "compactedThrough":
        this.#putNumber("compactedThrough", mutation.revision);
        return;
    }
  }

  #putNumber(name: MetaName, value: number): void {
    void this.#open().meta.put(name, encodeNumber(value));
  }

  /** Runs `write` as one LMDB transaction; resolves after LMDB has synced it. */
  async #durably(write: () => void): Promise<void> {
    try {
      const { root, historyEnd } = this.#open();
      await root.batch(write).finally(() => historyEnd.confirm());
      // Whoever hears of the commit must see it, even if this turn of the event loop has read before.
      this.#tables?.root.resetReadTxn();
    } catch (error) {
      const failure = await commitError(error);
      await this.#reopenIfUnusable();
      throw failure;
    }
  }

  /** After a failure to write its first page, LMDB refuses reads too until it is opened anew. */
  async #reopenIfUnusable(): Promise<void> {
    try {
      // A read transaction that is still open would not notice.
      this.#open().root.resetReadTxn();
      this.#open().readNumber("revision");
    } catch {
      this.#isReopening = true;
      const unusable = this.#tables;
      this.#tables = undefined;
      await unusable?.root.close();
      this.#tables = new LmdbTables(this.#dir);
      this.#isReopening = false;
    }
  }
}

function costOf(mutations: readonly Mutation[]): { changes: number; bytes: number; onlyRemoves: boolean } {
  let bytes = 0;
  let onlyRemoves = true;
  for (const mutation of mutations) {
    if (mutation.type !== "version" || mutation.record.deleted) continue;
    onlyRemoves = false;
    bytes += mutation.record.value.byteLength;
  }
  return { changes: mutations.length, bytes, onlyRemoves };
}

function putHead(table: Table<StoredHead>, record: RecordHead): void {
  // The library takes what `encode` takes, whatever its types make of that.
  void table.put(record.key, encodeHead(record) as unknown as StoredHead);
}

/** The library rejects with a general error and tells the cause in a second promise. */
async function commitError(error: unknown): Promise<GantryError> {
  const cause = await Promise.resolve((error as { commitError?: Promise<unknown> }).commitError).then(
    () => error,
    (reason) => reason,
  );
  return isFullDisk(cause) ? noSpace(cause) : readOnly(cause);
}

/** A kill may have come while a copy was written. */
async function removeCutOffWork(dir: string): Promise<void> {
  for (const name of await readdir(dir)) {
    if (name.startsWith(WORK_PREFIX)) await rm(join(dir, name), { recursive: true, force: true });
  }
}

function loadLeases(tables: LmdbTables): LoadedState["leases"] {
  const leases = new Map<number, LoadedState["leases"][number]>();
  const all = { start: encodeNumber(0) as never };
  for (const { key, value } of tables.leases.getRange(all)) {
    leases.set(key.number, { id: key.number, ttlSeconds: value.readDoubleBE(), keys: [] });
  }
  for (const { key } of tables.leaseKeys.getRange(all)) leases.get(key.number)?.keys.push(key.key);
  return [...leases.values()];
}
