import { randomInt } from "node:crypto";
import {
  type Clock,
  errorMessage,
  FairTurn,
  invalidArgument,
  type Logger,
  systemClock,
} from "../../base/index.ts";
import { closed, compacted, futureRevision, leaseNotFound, readOnly } from "../errors.ts";
import { LeaseTable } from "../lease-table.ts";
import { AutoCompaction } from "../operations/auto-compaction.ts";
import { Compactor } from "../operations/compactor.ts";
import { Maintenance } from "../operations/maintenance.ts";
import type {
  CheckProblem,
  KeyValue,
  RangeOptions,
  RangeResult,
  SnapshotInfo,
  Store,
  StoreEvent,
  StoreStatus,
  TransactionRequest,
  TransactionResult,
  WatchBatch,
  WatchOptions,
} from "../types.ts";
import { WatchHub } from "../watch/watch-hub.ts";
import type { LoadedState, Mutation, RecordHead, Snapshot, StoreBackend, VersionRecord } from "./backend.ts";
import { CommitQueue } from "./commit-queue.ts";
import { compareKeys } from "./key-order.ts";
import { countAt, eventOf, readHistory, readKey, readPage, recordOf } from "./store-reader.ts";
import {
  evaluate,
  type SizeLimits,
  type TransactionOutcome,
  type TransactionView,
  validateKey,
  validateRequest,
} from "./transaction.ts";

export interface StoreOptions {
  logger: Logger;
  clock?: Clock;
  /** Largest value; 1.5 MiB when absent, and never more than 3 MiB. */
  maxValueBytes?: number;
  /** History older than this is compacted by itself; absent: 5 minutes; 0: never. */
  keepHistoryMs?: number;
  /** What may wait for one watcher before it is cut off with `Store.SlowWatcher`. */
  maxWatchWaitingBatches?: number;
  maxWatchWaitingBytes?: number;
}

const MIB = 2 ** 20;
const DEFAULT_MAX_VALUE_BYTES = 1.5 * MIB;
const HARD_MAX_VALUE_BYTES = 3 * MIB;
const MAX_KEY_BYTES = 1024;
/** How much of a list is read in one stretch. */
const PAGE_ITEMS = 500;
/** Up to here a count of the past is the present one, corrected by what was written since. */
const MAX_CORRECTED_REVISIONS = 500;
const MAX_COMMIT_BYTES = 16 * MIB;

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
  readonly #compactor: Compactor;
  readonly #maintenance: Maintenance;
  /** Newest versions that are not durable yet. */
  readonly #pending = new Map<string, VersionRecord>();
  #pendingRevision: number;
  #durableRevision: number;
  /** The newest that a read was answered with. */
  #shownRevision = 0;
  #compactRevision: number;
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
        readHistory: (from) => readHistory(this.#backend.snapshot(), from, this.#durableRevision),
      },
      clock,
      maxWaitingBatches: options.maxWatchWaitingBatches ?? 10_000,
      maxWaitingBytes: options.maxWatchWaitingBytes ?? 64 * MIB,
    });
    this.#leases = new LeaseTable(clock, (id) => this.#revokeExpired(id));
    for (const { id, ttlSeconds, keys } of loaded.leases) this.#leases.add(id, ttlSeconds, keys);
    this.#compactor = new Compactor({
      backend,
      compactedThrough: loaded.compactedThrough,
      newest: (snapshot, key) => this.#newestHead(snapshot, key),
      commit: (mutations, onDurable) => this.#queue.enqueue(mutations, this.#pendingRevision, onDurable),
    });
    this.#maintenance = new Maintenance({
      backend,
      queue: this.#queue,
      assertWritable: () => this.#assertWritable(),
    });
    this.#autoCompaction = new AutoCompaction({
      clock,
      retentionMs: options.keepHistoryMs ?? 5 * 60_000,
      revision: () => this.#durableRevision,
      compact: (revision) => this.#compactQuietly(revision),
    });
    if (this.#compactor.isBehind(this.#compactRevision)) void this.#compactQuietly(this.#compactRevision);
  }

  async get(
    key: string,
    options: { revision?: number } = {},
  ): Promise<{ item: KeyValue | undefined; revision: number }> {
    this.#assertOpen();
    validateKey(key, this.#limits);
    const snapshot = this.#shown();
    const item = readKey(snapshot, key, this.#readRevision(snapshot, options.revision));
    return { item, revision: snapshot.revision };
  }

  visibleRevision(): number {
    this.#assertOpen();
    return Math.max(this.#durableRevision, this.#shownRevision);
  }

  /** A commit shows in snapshots a moment before it is known here to be durable; who has seen it must not see less. */
  #shown(): Snapshot {
    const snapshot = this.#backend.snapshot();
    if (snapshot.revision > this.#shownRevision) this.#shownRevision = snapshot.revision;
    return snapshot;
  }

  async range(prefix: string, options: RangeOptions = {}): Promise<RangeResult> {
    this.#assertOpen();
    const { limit = 0, countOnly = false, uncounted = false } = options;
    const snapshot = this.#shown();
    const revision = this.#readRevision(snapshot, options.revision);
    const wanted = limit > 0 ? limit : Number.POSITIVE_INFINITY;
    const { items, more } = countOnly
      ? { items: [], more: false }
      : await this.#readPages(prefix, options, revision, wanted);
    const needsCount = countOnly || (more && !uncounted);
    const count = needsCount ? await this.#count(prefix, options.startAfter, revision) : items.length;
    return { items, count, more, revision: snapshot.revision };
  }

  /** Where much has changed since the revision, all keys are gone through in turns instead. */
  async #count(prefix: string, startAfter: string | undefined, revision: number): Promise<number> {
    const snapshot = this.#shown();
    if (snapshot.revision - revision <= MAX_CORRECTED_REVISIONS)
      return countAt(snapshot, prefix, startAfter, revision);
    const options = { startAfter, keysOnly: true };
    return (await this.#readPages(prefix, options, revision, Number.POSITIVE_INFINITY)).items.length;
  }

  /** A long list is read in pieces, so that the event loop goes round in between; each piece shows the same revision. */
  async #readPages(
    prefix: string,
    options: Pick<RangeOptions, "keysOnly" | "startAfter">,
    revision: number,
    wanted: number,
  ): Promise<{ items: KeyValue[]; more: boolean }> {
    const keysOnly = options.keysOnly ?? false;
    const items: KeyValue[] = [];
    const turn = new FairTurn();
    let startAfter = options.startAfter;
    for (;;) {
      const limit = Math.min(PAGE_ITEMS, wanted - items.length);
      const page = readPage(this.#shown(), prefix, { startAfter, limit, keysOnly }, revision);
      for (const item of page.items) items.push(item);
      if (!page.more || items.length === wanted) return { items, more: page.more };
      startAfter = items.at(-1)!.key;
      await turn.pause();
      this.#assertOpen();
      if (revision < this.#compactRevision) throw compacted(revision, this.#compactRevision);
    }
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
      await this.#compactor.dropSuperseded(revision);
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
    if (!this.#queue.isIdle) await this.#queue.enqueue([], this.#pendingRevision, () => {});
    return this.#maintenance.check();
  }

  async snapshot(file: string): Promise<SnapshotInfo> {
    this.#assertOpen();
    return this.#maintenance.snapshot(file, () => this.#durableRevision);
  }

  async defragment(): Promise<void> {
    this.#assertOpen();
    await this.#maintenance.defragment();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#autoCompaction.stop();
    this.#compactor.stop();
    this.#leases.close();
    this.#hub.close();
    await this.#maintenance.close();
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
    if (this.#backend.canRecover(error) && this.#isAsBefore()) {
      this.#logger.warn("the store could not write", { error: errorMessage(error) });
    } else {
      this.#failure = error;
      this.#logger.error("the store takes no more writes", { error });
    }
  }

  /** A commit that failed must not be seen; if it is, its revision cannot be given to another one. */
  #isAsBefore(): boolean {
    try {
      return this.#backend.snapshot().revision === this.#durableRevision;
    } catch {
      return false;
    }
  }

  #newestHead(snapshot: Snapshot, key: string): RecordHead | undefined {
    return this.#pending.get(key) ?? snapshot.head(key);
  }

  #view(): TransactionView {
    const snapshot = this.#backend.snapshot();
    const pending = this.#pending;
    return {
      numbers: (key) => {
        const head = this.#newestHead(snapshot, key);
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

  /** One compaction at a time. */
  #compactInTurn(run: () => Promise<void>): Promise<void> {
    const done = this.#compacting.then(run);
    this.#compacting = done.catch(() => {});
    return done;
  }

  async #compactQuietly(revision: number): Promise<void> {
    try {
      if (revision > this.#compactRevision) await this.compact(revision);
      else await this.#compactInTurn(() => this.#compactor.dropSuperseded(this.#compactRevision));
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
