import { randomInt } from "node:crypto";
import { type Clock, errorMessage, invalidArgument, type Logger, systemClock } from "../base/index.ts";
import { AutoCompaction } from "./auto-compaction.ts";
import {
  headAt,
  type LoadedState,
  type Mutation,
  type RecordHead,
  type Snapshot,
  type StoreBackend,
  toKeyValue,
  type VersionRecord,
} from "./backend.ts";
import { CommitQueue } from "./commit-queue.ts";
import { closed, compacted, corrupt, futureRevision, leaseNotFound, readOnly } from "./errors.ts";
import { compareKeys } from "./key-order.ts";
import { LeaseTable } from "./lease-table.ts";
import {
  evaluate,
  type SizeLimits,
  type TransactionOutcome,
  type TransactionView,
  validateKey,
  validateRequest,
} from "./transaction.ts";
import type {
  CheckProblem,
  KeyValue,
  RangeOptions,
  RangeResult,
  Store,
  StoreEvent,
  StoreStatus,
  TransactionRequest,
  TransactionResult,
  WatchBatch,
  WatchOptions,
} from "./types.ts";
import { WatchHub } from "./watch-hub.ts";

export interface StoreOptions {
  logger: Logger;
  clock?: Clock;
  /** Largest value; 1.5 MiB when absent, and never more than 3 MiB. */
  maxValueBytes?: number;
  /** History older than this is compacted by itself; absent: 5 minutes; 0: never. */
  compactionRetentionMs?: number;
  /** What may wait for one watcher before it is cut off with `Store.SlowWatcher`. */
  maxWatchWaitingBatches?: number;
  maxWatchWaitingBytes?: number;
}

const MIB = 2 ** 20;
const DEFAULT_MAX_VALUE_BYTES = 1.5 * MIB;
const HARD_MAX_VALUE_BYTES = 3 * MIB;
const MAX_KEY_BYTES = 1024;
const MAX_COMMIT_BYTES = 16 * MIB;
/** One stretch of reading the past, so that the event loop is not held long. */
const HISTORY_CHUNK_EVENTS = 500;
const HISTORY_CHUNK_BYTES = 8 * MIB;
const COMPACTION_CHUNK_EVENTS = 500;

/**
 * etcd v3's semantics over a backend. Transactions are evaluated at once against the state that all earlier ones will
 * leave (`#pending` over the durable snapshot) and answered when durable; reads see only what is durable, so that nothing that
 * a crash can take back is ever shown.
 */
export class RevisionedStore implements Store {
  readonly #backend: StoreBackend;
  readonly #logger: Logger;
  readonly #limits: SizeLimits;
  readonly #queue: CommitQueue;
  readonly #hub: WatchHub;
  readonly #leases: LeaseTable;
  readonly #autoCompaction: AutoCompaction;
  /** Newest versions that are not durable yet. */
  readonly #pending = new Map<string, VersionRecord>();
  #pendingRevision: number;
  #durableRevision: number;
  #compactRevision: number;
  #compactedThrough: number;
  #compacting: Promise<void> = Promise.resolve();
  /** Why no more is written, once there is a reason. */
  #failure: unknown;
  #closed = false;

  constructor(backend: StoreBackend, loaded: LoadedState, options: StoreOptions) {
    const clock = options.clock ?? systemClock;
    this.#backend = backend;
    this.#logger = options.logger;
    this.#limits = {
      maxKeyBytes: MAX_KEY_BYTES,
      maxValueBytes: Math.min(options.maxValueBytes ?? DEFAULT_MAX_VALUE_BYTES, HARD_MAX_VALUE_BYTES),
    };
    this.#pendingRevision = this.#durableRevision = loaded.revision;
    this.#compactRevision = loaded.compactRevision;
    this.#compactedThrough = loaded.compactedThrough;
    this.#queue = new CommitQueue({
      backend,
      onFailure: (error) => this.#rollBack(error),
      maxCommitBytes: MAX_COMMIT_BYTES,
    });
    this.#hub = new WatchHub({
      source: {
        currentRevision: () => this.#backend.snapshot().revision,
        publishedRevision: () => this.#durableRevision,
        compactRevision: () => this.#compactRevision,
        readHistory: (from) => this.#readHistory(from),
      },
      clock,
      maxWaitingBatches: options.maxWatchWaitingBatches ?? 10_000,
      maxWaitingBytes: options.maxWatchWaitingBytes ?? 64 * MIB,
    });
    this.#leases = new LeaseTable(clock, (id) => this.#revokeExpired(id));
    for (const { id, ttlSeconds, keys } of loaded.leases) this.#leases.add(id, ttlSeconds, keys);
    this.#autoCompaction = new AutoCompaction({
      clock,
      retentionMs: options.compactionRetentionMs ?? 5 * 60_000,
      revision: () => this.#durableRevision,
      compact: (revision) => this.#compactQuietly(revision),
    });
    if (this.#compactedThrough < this.#compactRevision) void this.#compactQuietly(this.#compactRevision);
  }

  async get(
    key: string,
    options: { revision?: number } = {},
  ): Promise<{ item: KeyValue | undefined; revision: number }> {
    this.#assertOpen();
    validateKey(key, this.#limits);
    const snapshot = this.#backend.snapshot();
    const revision = this.#readRevision(snapshot, options.revision);
    const head = headAt(snapshot, snapshot.head(key), revision);
    return { item: head && toKeyValue(recordOf(snapshot, head)), revision: snapshot.revision };
  }

  async range(prefix: string, options: RangeOptions = {}): Promise<RangeResult> {
    this.#assertOpen();
    const snapshot = this.#backend.snapshot();
    const revision = this.#readRevision(snapshot, options.revision);
    const { startAfter, limit = 0 } = options;
    const items: KeyValue[] = [];
    let more = false;
    if (!options.countOnly) {
      const past = revision < snapshot.revision;
      for (const newest of snapshot.heads(prefix, { startAfter, tombstones: past })) {
        const head = past ? headAt(snapshot, newest, revision) : newest;
        if (!head) continue;
        more = limit > 0 && items.length === limit;
        if (more) break;
        items.push(options.keysOnly ? keyOnly(head) : toKeyValue(recordOf(snapshot, head)));
      }
    }
    const count =
      options.countOnly || more ? this.#countAt(snapshot, prefix, startAfter, revision) : items.length;
    return { items, count, more, revision: snapshot.revision };
  }

  async transact(request: TransactionRequest): Promise<TransactionResult> {
    this.#assertOpen();
    validateRequest(request, this.#limits);
    const { succeeded, results, writes } = evaluate(request, this.#view(), this.#pendingRevision + 1);
    if (writes.length === 0) {
      const revision = this.#pendingRevision;
      // The answer may tell of writes that are still on their way to the disk.
      if (!this.#queue.isIdle) await this.#queue.enqueue([], revision, () => {});
      return { succeeded, revision, results };
    }
    const revision = await this.#write(writes, []);
    return { succeeded, revision, results };
  }

  watch(options: WatchOptions): AsyncIterable<WatchBatch> {
    this.#assertOpen();
    return this.#hub.watch(options);
  }

  async compact(revision: number): Promise<void> {
    this.#assertOpen();
    const current = this.#backend.snapshot().revision;
    if (revision > current) throw futureRevision(revision, current);
    if (revision <= this.#compactRevision) throw compacted(revision, this.#compactRevision);
    this.#assertWritable();
    await this.#compactInTurn(async () => {
      if (revision <= this.#compactRevision) throw compacted(revision, this.#compactRevision);
      await this.#queue.enqueue([{ type: "compacted", revision }], this.#pendingRevision, () => {
        this.#compactRevision = revision;
      });
      await this.#dropSuperseded();
    });
  }

  async grantLease(ttlSeconds: number): Promise<{ id: number; ttlSeconds: number }> {
    this.#assertOpen();
    this.#assertWritable();
    if (!(ttlSeconds >= 1))
      throw invalidArgument("a lease must live at least one second", { code: "Store.LeaseTtl" });
    const id = randomInt(1, 2 ** 48 - 1);
    await this.#queue.enqueue([{ type: "lease", id, ttlSeconds }], this.#pendingRevision, () =>
      this.#leases.add(id, ttlSeconds),
    );
    return { id, ttlSeconds };
  }

  async keepLeaseAlive(id: number): Promise<{ ttlSeconds: number }> {
    this.#assertOpen();
    return { ttlSeconds: this.#leases.renew(id) };
  }

  /** Deletes the lease and the keys on it, in one revision. */
  async revokeLease(id: number): Promise<void> {
    this.#assertOpen();
    const { ttlSeconds, keys } = this.#leases.get(id);
    const view = this.#view();
    const attached = [...keys].filter((key) => view.newest(key)?.lease === id);
    const request = { success: attached.map((key) => ({ type: "delete" as const, key })) };
    const { writes } = evaluate(request, view, this.#pendingRevision + 1);
    this.#leases.delete(id);
    try {
      await this.#write(writes, [{ type: "lease", id, ttlSeconds: undefined }]);
    } catch (error) {
      if (!this.#closed) this.#leases.add(id, ttlSeconds, keys);
      throw error;
    }
  }

  async status(): Promise<StoreStatus> {
    this.#assertOpen();
    return {
      revision: this.#durableRevision,
      compactRevision: this.#compactRevision,
      ...this.#backend.size(),
    };
  }

  async check(): Promise<CheckProblem[]> {
    this.#assertOpen();
    await this.#queue.drain();
    return this.#backend.check();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#autoCompaction.stop();
    this.#leases.close();
    this.#hub.close();
    await this.#compacting;
    await this.#queue.drain();
    await this.#backend.close();
  }

  async #write(writes: TransactionOutcome["writes"], others: Mutation[]): Promise<number> {
    this.#assertWritable();
    for (const { record } of writes) {
      if (record.lease !== 0 && !this.#leases.has(record.lease)) throw leaseNotFound(record.lease);
    }
    const mutations: Mutation[] = [];
    const events: StoreEvent[] = [];
    let sizeBytes = 0;
    for (const { record, previous } of writes) {
      if (!record.deleted) record.value = this.#backend.adopt(record.value);
      if (record.lease !== 0) this.#leases.attach(record.lease, record.key);
      this.#pending.set(record.key, record);
      mutations.push({ type: "version", record, previousLease: previous?.lease ?? 0 });
      events.push(eventOf(record, previous));
      sizeBytes += record.value.byteLength;
    }
    const revision = writes.length > 0 ? ++this.#pendingRevision : this.#pendingRevision;
    const onDurable = () => this.#makeDurable(writes, { revision, events });
    await this.#queue.enqueue([...mutations, ...others], revision, onDurable, sizeBytes);
    return revision;
  }

  #makeDurable(writes: TransactionOutcome["writes"], batch: WatchBatch): void {
    for (const { record, previous } of writes) {
      if (this.#pending.get(record.key) === record) this.#pending.delete(record.key);
      if (previous && previous.lease !== 0 && previous.lease !== record.lease) {
        this.#leases.detach(previous.lease, record.key);
      }
    }
    if (batch.events.length === 0) return;
    this.#durableRevision = batch.revision;
    this.#hub.publish(batch);
  }

  #rollBack(error: unknown): void {
    this.#pending.clear();
    this.#pendingRevision = this.#durableRevision;
    if (this.#backend.canRecover(error)) {
      this.#logger.warn("the store could not write", { error: errorMessage(error) });
    } else {
      this.#failure = error;
      this.#logger.error("the store takes no more writes", { error });
    }
  }

  #view(): TransactionView {
    const snapshot = this.#backend.snapshot();
    const pending = this.#pending;
    const newestHead = (key: string): RecordHead | undefined => pending.get(key) ?? snapshot.head(key);
    return {
      numbers: (key) => {
        const head = newestHead(key);
        return head?.deleted ? undefined : head;
      },
      newest: (key) => {
        const waiting = pending.get(key);
        if (waiting) return waiting;
        const head = snapshot.head(key);
        return head && recordOf(snapshot, head);
      },
      keys: (prefix) => {
        const keys = new Set<string>();
        for (const head of snapshot.heads(prefix, { tombstones: false })) keys.add(head.key);
        for (const { key, deleted } of pending.values()) {
          if (!key.startsWith(prefix)) continue;
          if (deleted) keys.delete(key);
          else keys.add(key);
        }
        return [...keys].sort(compareKeys);
      },
    };
  }

  #readRevision(snapshot: Snapshot, wanted: number | undefined): number {
    if (!wanted) return snapshot.revision;
    if (wanted > snapshot.revision) throw futureRevision(wanted, snapshot.revision);
    if (wanted < this.#compactRevision) throw compacted(wanted, this.#compactRevision);
    return wanted;
  }

  /** The count now, corrected by what has changed since: the cost follows the changes and not the keys. */
  #countAt(snapshot: Snapshot, prefix: string, startAfter: string | undefined, revision: number): number {
    let count = snapshot.count(prefix, startAfter);
    if (revision === snapshot.revision) return count;
    const seen = new Set<string>();
    for (const { key } of snapshot.historyHeads(revision + 1, snapshot.revision)) {
      if (seen.has(key) || !key.startsWith(prefix)) continue;
      if (startAfter !== undefined && compareKeys(key, startAfter) <= 0) continue;
      seen.add(key);
      const newest = snapshot.head(key);
      const livesNow = newest !== undefined && !newest.deleted;
      const livedThen = headAt(snapshot, newest, revision) !== undefined;
      count += Number(livedThen) - Number(livesNow);
    }
    return count;
  }

  #readHistory(from: number): { batches: WatchBatch[]; through: number } {
    const snapshot = this.#backend.snapshot();
    const last = this.#durableRevision;
    const batches: WatchBatch[] = [];
    let events = 0;
    let bytes = 0;
    for (const record of snapshot.history(from, last)) {
      let batch = batches.at(-1);
      if (batch?.revision !== record.modRevision) {
        if (events >= HISTORY_CHUNK_EVENTS || bytes >= HISTORY_CHUNK_BYTES) {
          return { batches, through: batches.at(-1)!.revision };
        }
        batch = { revision: record.modRevision, events: [] };
        batches.push(batch);
      }
      const event = eventOf(record, previousOf(snapshot, record));
      batch.events.push(event);
      events++;
      bytes += record.value.byteLength + (event.previous?.value.byteLength ?? 0);
    }
    return { batches, through: last };
  }

  /**
   * Removes, chunk by chunk, the versions up to the compact revision that a newer version up to it has superseded, and
   * tombstones.
   */
  async #dropSuperseded(): Promise<void> {
    while (this.#compactedThrough < this.#compactRevision && !this.#closed) {
      const snapshot = this.#backend.snapshot();
      const mutations: Mutation[] = [];
      let through = this.#compactRevision;
      let events = 0;
      for (const head of snapshot.historyHeads(this.#compactedThrough + 1, this.#compactRevision)) {
        if (events >= COMPACTION_CHUNK_EVENTS && head.modRevision > through) break;
        if (++events === COMPACTION_CHUNK_EVENTS) through = head.modRevision;
        mutations.push(...this.#dropsFor(head, snapshot));
      }
      mutations.push({ type: "compactedThrough", revision: through });
      await this.#queue.enqueue(mutations, this.#pendingRevision, () => {
        this.#compactedThrough = through;
      });
    }
  }

  #dropsFor({ key, modRevision, previousRevision, deleted }: RecordHead, snapshot: Snapshot): Mutation[] {
    const drops: Mutation[] = [];
    if (previousRevision !== 0) drops.push({ type: "dropVersion", key, revision: previousRevision });
    if (!deleted) return drops;
    drops.push({ type: "dropVersion", key, revision: modRevision });
    const newest = this.#pending.get(key) ?? snapshot.head(key);
    if (newest?.modRevision === modRevision) drops.push({ type: "dropTombstone", key });
    return drops;
  }

  /** One compaction at a time. */
  #compactInTurn(run: () => Promise<void>): Promise<void> {
    const done = this.#compacting.then(run);
    this.#compacting = done.catch(() => {});
    return done;
  }

  async #compactQuietly(revision: number): Promise<void> {
    try {
      if (revision > this.#compactRevision) await this.compact(revision);
      else await this.#compactInTurn(() => this.#dropSuperseded());
    } catch (error) {
      if (!this.#closed)
        this.#logger.warn("compaction failed; it is tried again later", { error: errorMessage(error) });
    }
  }

  #revokeExpired(id: number): void {
    this.revokeLease(id).catch((error) => {
      if (!this.#closed)
        this.#logger.warn("an expired lease could not be revoked", { id, error: errorMessage(error) });
    });
  }

  #assertOpen(): void {
    if (this.#closed) throw closed();
  }

  #assertWritable(): void {
    if (this.#failure !== undefined) throw readOnly(this.#failure);
  }
}

function eventOf(record: VersionRecord, previous: VersionRecord | undefined): StoreEvent {
  return {
    type: record.deleted ? "delete" : "put",
    item: toKeyValue(record),
    previous: previous && toKeyValue(previous),
  };
}

function previousOf(snapshot: Snapshot, record: VersionRecord): VersionRecord | undefined {
  if (record.version === 1 || record.previousRevision === 0) return undefined;
  return recordOf(snapshot, { ...record, modRevision: record.previousRevision });
}

function recordOf(snapshot: Snapshot, { key, modRevision }: RecordHead): VersionRecord {
  const record = snapshot.version(key, modRevision);
  if (!record)
    throw corrupt(`the store lost ${key} at revision ${modRevision}`, { key, revision: modRevision });
  return record;
}

const NO_VALUE = new Uint8Array(0);

function keyOnly({ key, createRevision, modRevision, version, lease }: RecordHead): KeyValue {
  return { key, value: NO_VALUE, createRevision, modRevision, version, lease };
}
