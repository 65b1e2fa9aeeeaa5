import { statSync } from "node:fs";
import { join } from "node:path";
import { errorMessage, GantryError, isGantryError } from "../base/index.ts";
import type { LoadedState, Mutation, RecordHead, Snapshot, StoreBackend } from "./backend.ts";
import { checkTables } from "./consistency-check.ts";
import { closed, corrupt, newerFormat, noSpace, readOnly } from "./errors.ts";
import { FileReserve } from "./file-reserve.ts";
import { checkFile } from "./lmdb-file.ts";
import { checkPages, type PageProblem } from "./lmdb-page-check.ts";
import { LmdbSnapshot } from "./lmdb-snapshot.ts";
import { LmdbTables, type MetaName, type Table } from "./lmdb-tables.ts";
import { adoptValue, encodeHead, encodeNumber, encodeRecord, type StoredHead } from "./record-codec.ts";
import type { CheckProblem } from "./types.ts";

const FORMAT = 1;
const FIRST_REVISION = 1;
/** LMDB's first two pages. */
const META_PAGES = 2;
/** Of larger files only the inner pages are checked before they are opened: it must not take long. */
const WHOLE_CHECK_BYTES = 128 * 2 ** 20;
const PRESENT = Buffer.from([1]);
const ENOSPC = 28;
const EDQUOT = 122;

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

  constructor(options: LmdbBackendOptions) {
    this.#dir = options.dir;
    this.#dataFile = join(options.dir, "data.mdb");
    this.#onClosed = options.onClosed;
  }

  async open(): Promise<LoadedState> {
    try {
      checkFile(this.#dataFile);
      await this.#refuseDamagedPages();
      this.#tables = new LmdbTables(this.#dir);
    } catch (error) {
      throw this.#openError(error);
    }
    const tables = this.#tables;
    this.#reserve = new FileReserve(this.#dataFile, () => this.#usedBytes());
    const format = tables.readNumber("format");
    if (format > FORMAT) throw newerFormat(this.#dir, format, FORMAT);
    if (format === 0) {
      await this.#durably(() => {
        this.#putNumber("format", FORMAT);
        this.#putNumber("revision", FIRST_REVISION);
      });
    }
    return {
      revision: tables.readNumber("revision"),
      compactRevision: tables.readNumber("compactRevision"),
      compactedThrough: tables.readNumber("compactedThrough"),
      leases: loadLeases(tables),
    };
  }

  snapshot(): Snapshot {
    return new LmdbSnapshot(this.#open());
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
    const { root, meta, keys, tombstones, history, leases, leaseKeys } = tables;
    let pages = META_PAGES + pagesOf(statsOf(root).free);
    for (const table of [root, meta, keys, tombstones, history, leases, leaseKeys])
      pages += pagesOf(statsOf(table));
    return {
      keyCount: statsOf(keys).entryCount,
      sizeBytes: statSync(this.#dataFile).size,
      sizeInUseBytes: pages * statsOf(root).pageSize,
    };
  }

  async check(): Promise<CheckProblem[]> {
    const tables = this.#open();
    // As long as it reads, no page of the newest state is used again.
    const reading = tables.root.useReadTransaction();
    try {
      const problems = await checkPages(this.#dataFile, { onlyInner: false });
      // LMDB would not outlive to read on.
      if (problems.length > 0)
        return problems.map((problem) => ({ code: "Check.DamagedPage", message: damageOf(problem) }));
    } finally {
      reading.done();
    }
    return checkTables(tables);
  }

  async copyInto(dir: string): Promise<void> {
    await this.#open().root.backup(dir, true);
  }

  async close(): Promise<void> {
    const tables = this.#tables;
    this.#tables = undefined;
    await tables?.root.close();
    this.#reserve?.close();
    this.#reserve = undefined;
    this.#onClosed();
  }

  async #refuseDamagedPages(): Promise<void> {
    const sizeBytes = statSync(this.#dataFile, { throwIfNoEntry: false })?.size ?? 0;
    if (sizeBytes === 0) return;
    const [problem] = await checkPages(this.#dataFile, { onlyInner: sizeBytes > WHOLE_CHECK_BYTES });
    if (problem)
      throw corrupt(`${this.#dataFile} is damaged: ${damageOf(problem)}`, {
        ...problem,
        path: this.#dataFile,
      });
  }

  #usedBytes(): number {
    const { lastPageNumber, pageSize } = statsOf(this.#open().root);
    return (lastPageNumber + 1) * pageSize;
  }

  #open(): LmdbTables {
    if (!this.#tables) throw closed();
    return this.#tables;
  }

  #apply(mutation: Mutation): void {
    const tables = this.#open();
    switch (mutation.type) {
      case "version": {
        const { record, previousLease } = mutation;
        const { key, modRevision, lease } = record;
        void tables.history.put({ number: modRevision, key }, encodeRecord(record));
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
      await this.#open().root.batch(write);
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
      const unusable = this.#tables;
      this.#tables = undefined;
      await unusable?.root.close();
      this.#tables = new LmdbTables(this.#dir);
    }
  }

  #openError(error: unknown): GantryError {
    if (error instanceof GantryError) return error;
    const code = (error as { code?: unknown }).code;
    if (code === ENOSPC || code === EDQUOT) return noSpace(error);
    if (code === "EACCES" || code === 13) {
      return new GantryError(
        "PermissionDenied",
        `the store in ${this.#dir} may not be opened: ${errorMessage(error)}`,
        {
          code: "Store.NoPermission",
          cause: error,
        },
      );
    }
    return corrupt(
      `the store in ${this.#dir} cannot be opened: ${errorMessage(error)}`,
      { dir: this.#dir },
      error,
    );
  }
}

function damageOf({ page, offset, message }: PageProblem): string {
  return `page ${page} (byte ${offset}): ${message}`;
}

interface TreeStats {
  pageSize: number;
  entryCount: number;
  treeBranchPageCount: number;
  treeLeafPageCount: number;
  overflowPages: number;
}

/** The library leaves the shape open. */
function statsOf(table: { getStats(): object }): TreeStats & { free: TreeStats; lastPageNumber: number } {
  return table.getStats() as TreeStats & { free: TreeStats; lastPageNumber: number };
}

function pagesOf({ treeBranchPageCount, treeLeafPageCount, overflowPages }: TreeStats): number {
  return treeBranchPageCount + treeLeafPageCount + overflowPages;
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
  const code = (cause as { code?: unknown }).code;
  return code === ENOSPC || code === EDQUOT ? noSpace(cause) : readOnly(cause);
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
