import {
  type Clock,
  errorMessage,
  invalidArgument,
  isGantryError,
  type Logger,
  systemClock,
} from "../../base/index.ts";
import type { protobuf } from "../../formats/index.ts";
import { type SizeLimits, validateKey, validateRequest } from "../embedded/transaction.ts";
import { closed, compacted, futureRevision, leaseNotFound } from "../errors.ts";
import { AutoCompaction } from "../operations/auto-compaction.ts";
import type {
  CheckProblem,
  KeyValue,
  RangeOptions,
  RangeResult,
  Store,
  StoreStatus,
  TransactionRequest,
  TransactionResult,
  WatchBatch,
  WatchOptions,
} from "../types.ts";
import { checkCluster } from "./cluster-check.ts";
import { findCompactRevision } from "./compact-revision.ts";
import type { AnyMessage, EtcdConnection, Method } from "./connection.ts";
import { defragmentMembers } from "./defragment.ts";
import { COMPACTED, FUTURE_REVISION, isEtcdFailure, LEASE_NOT_FOUND } from "./etcd-errors.ts";
import { fromTxn, refuseDuplicates, toTxn } from "./etcd-transaction.ts";
import { EtcdWatcher } from "./etcd-watcher.ts";
import type { EtcdStoreOptions } from "./index.ts";
import { KeySpace } from "./key-space.ts";
import { grantLease } from "./lease-grant.ts";
import { keepAlive } from "./lease-keep-alive.ts";
import { COMPACT, LEASE_REVOKE, RANGE, STATUS, TXN } from "./methods.ts";
import { DEFAULT_REQUEST_TIMEOUT_MS, openConnection } from "./open-connection.ts";
import { type EtcdOperation, purposeOf } from "./request-times.ts";
import { useStore } from "./store-record.ts";
import { WatchStream } from "./watch-stream.ts";
import { assertReadsWholeKeySpace } from "./whole-key-space.ts";

const MIB = 2 ** 20;
const MAX_KEY_BYTES = 1024;
const FIRST_PAGE_ITEMS = 500;
const MAX_PAGE_ITEMS = 10_000;
const PAGE_BYTES = 4 * MIB;

/** The store in an etcd cluster. What etcd cannot say by itself, or says otherwise, is made up for here; see the comments. */
export class EtcdStore implements Store {
  readonly #connection: EtcdConnection;
  readonly #watches: WatchStream;
  readonly #keys: KeySpace;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #options: EtcdStoreOptions;
  readonly #limits: SizeLimits;
  readonly #autoCompaction: AutoCompaction;
  /** Watches that do not know yet where they begin. Writes wait for them: a watch sees every write made after it. */
  readonly #beginning = new Set<Promise<unknown>>();
  readonly #watchers = new Set<EtcdWatcher>();
  /** A revision of etcd's up to which it is known to be compacted. */
  #compactRevision = 0;

  static async open(options: EtcdStoreOptions): Promise<EtcdStore> {
    const { connection, version } = await openConnection(options);
    let store: EtcdStore | undefined;
    try {
      const prefix = options.prefix ?? "";
      const revisionOffset = await useStore(connection, new KeySpace(prefix));
      store = new EtcdStore(options, connection, new KeySpace(prefix, revisionOffset));
      await store.#currentRevision();
      if (options.forWatchCache) await assertReadsWholeKeySpace(connection);
      const endpoints = options.endpoints.join(",");
      options.logger.info("the store is in etcd", { version, endpoints, revisionOffset });
      return store;
    } catch (error) {
      await store?.close();
      connection.close();
      throw error;
    }
  }

  private constructor(options: EtcdStoreOptions, connection: EtcdConnection, keys: KeySpace) {
    const clock = options.clock ?? systemClock;
    this.#options = options;
    this.#clock = clock;
    this.#logger = options.logger;
    this.#keys = keys;
    this.#limits = { maxKeyBytes: MAX_KEY_BYTES, maxValueBytes: options.maxValueBytes ?? 1.5 * MIB };
    this.#connection = connection;
    this.#watches = new WatchStream({ connection, logger: options.logger, clock });
    this.#autoCompaction = new AutoCompaction({
      clock,
      retentionMs: options.keepHistoryMs ?? 5 * 60_000,
      revision: () => keys.offset.shown(connection.seenRevision),
      compact: (revision) => this.#compactQuietly(revision),
    });
  }

  async get(
    key: string,
    options: { revision?: number } = {},
  ): Promise<{ item: KeyValue | undefined; revision: number }> {
    validateKey(key, this.#limits);
    const about = { revision: options.revision ?? 0 };
    const revision = await this.#inEtcd(about.revision);
    const { kvs, header } = await this.#timed("get", key, () =>
      this.#request(RANGE, { key: this.#keys.key(key), revision }, about),
    );
    return { item: kvs[0] && this.#keys.toKeyValue(kvs[0]), revision: this.#shown(header!.revision) };
  }

  async range(prefix: string, options: RangeOptions = {}): Promise<RangeResult> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#timed("list", prefix, () => this.#rangeInPages(prefix, options));
      } catch (error) {
        // A compaction overtook the pages of a list that was to show the present.
        if (options.revision || attempt > 0 || !isGantryError(error, "Gone")) throw error;
      }
    }
  }

  async transact(request: TransactionRequest): Promise<TransactionResult> {
    validateRequest(request, this.#limits);
    refuseDuplicates(request);
    const txn = toTxn(copyValues(request, this.#beginning.size > 0), this.#keys);
    while (this.#beginning.size > 0) await Promise.allSettled(this.#beginning);
    const answer = await this.#timed(...purposeOf(request), () =>
      this.#request(TXN, txn, { lease: firstLease(request) }),
    );
    return fromTxn(request, answer, this.#keys);
  }

  watch(options: WatchOptions): AsyncIterable<WatchBatch> {
    this.#assertOpen();
    const { startRevision } = options;
    const start = startRevision ? Promise.resolve(startRevision) : this.#nextRevision();
    start.catch(() => {});
    return { [Symbol.asyncIterator]: () => this.#watch(options, start) };
  }

  async compact(revision: number): Promise<void> {
    const inEtcd = await this.#inEtcd(revision);
    await this.#request(COMPACT, { revision: inEtcd, physical: true }, { revision });
    this.#compactRevision = Math.max(this.#compactRevision, inEtcd);
  }

  async grantLease(ttlSeconds: number): Promise<{ id: number; ttlSeconds: number }> {
    if (!(ttlSeconds >= 1))
      throw invalidArgument("a lease must live at least one second", { code: "Store.LeaseTtl" });
    return grantLease(this.#connection, ttlSeconds);
  }

  async keepLeaseAlive(id: number): Promise<{ ttlSeconds: number }> {
    this.#assertOpen();
    const timeoutMs = this.#options.requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS;
    const ttlSeconds = await keepAlive(this.#connection, id, this.#clock, timeoutMs);
    if (ttlSeconds <= 0) throw leaseNotFound(id);
    return { ttlSeconds };
  }

  async revokeLease(id: number): Promise<void> {
    await this.#request(LEASE_REVOKE, { ID: id }, { lease: id });
  }

  async status(): Promise<StoreStatus> {
    const range = this.#keys.withPrefix("");
    const { header, count } = await this.#request(RANGE, { ...range, count_only: true }, {});
    const [{ dbSize, dbSizeInUse }, compactRevision] = await Promise.all([
      this.#request(STATUS, {}, {}),
      this.#findCompactRevision(header!.revision),
    ]);
    return {
      revision: this.#shown(header!.revision),
      compactRevision: this.#shownCompactRevision(compactRevision),
      keyCount: count,
      sizeBytes: dbSize,
      sizeInUseBytes: dbSizeInUse,
    };
  }

  /** What etcd reports of itself, and whether its members hold the same data. */
  async check(): Promise<CheckProblem[]> {
    this.#assertOpen();
    return checkCluster(this.#connection, this.#keys);
  }

  async defragment(): Promise<void> {
    this.#assertOpen();
    await defragmentMembers(this.#connection);
  }

  async close(): Promise<void> {
    this.#autoCompaction.stop();
    for (const watcher of this.#watchers) watcher.fail(closed());
    this.#watches.close();
    this.#connection.close();
  }

  /** Page by page at one revision: neither this process nor etcd has to hold a whole list in one message. */
  async #rangeInPages(prefix: string, options: RangeOptions): Promise<RangeResult> {
    const { limit = 0, keysOnly = false, countOnly = false, uncounted = false } = options;
    const items: KeyValue[] = [];
    const about = { revision: options.revision ?? 0 };
    let { startAfter } = options;
    let revision = await this.#inEtcd(about.revision);
    let first: { count: number; revision: number } | undefined;
    let pageItems = FIRST_PAGE_ITEMS;
    for (;;) {
      const wanted = limit > 0 ? Math.min(pageItems, limit - items.length) : pageItems;
      const page = await this.#request(
        RANGE,
        {
          ...this.#keys.withPrefix(prefix, startAfter),
          revision,
          limit: wanted,
          keys_only: keysOnly,
          count_only: countOnly,
        },
        about,
      );
      for (const kv of page.kvs) items.push(this.#keys.toKeyValue(kv));
      first ??= { count: page.count, revision: this.#shown(page.header!.revision) };
      const isComplete = countOnly || !page.more || items.length === limit;
      const count = uncounted && !countOnly ? items.length : first.count;
      if (isComplete) return { items, ...first, count, more: !countOnly && page.more };
      startAfter = items.at(-1)!.key;
      about.revision ||= first.revision;
      revision ||= page.header!.revision;
      pageItems = nextPageItems(page.kvs);
    }
  }

  async *#watch(options: WatchOptions, start: Promise<number>): AsyncGenerator<WatchBatch, void, void> {
    const nextRevision = await this.#inEtcd(await start);
    if (options.signal?.aborted) return;
    this.#assertOpen();
    const watcher = new EtcdWatcher(options, nextRevision, {
      keys: this.#keys,
      clock: this.#clock,
      seenRevision: () => this.#connection.seenRevision,
      maxWaitingBatches: this.#options.maxWatchWaitingBatches ?? 10_000,
      maxWaitingBytes: this.#options.maxWatchWaitingBytes ?? 64 * MIB,
    });
    this.#watchers.add(watcher);
    try {
      yield* watcher.run(this.#watches);
    } finally {
      this.#watchers.delete(watcher);
    }
  }

  /** The first revision that is not there yet, asked of the cluster now. */
  #nextRevision(): Promise<number> {
    const next = this.#currentRevision().then((revision) => revision + 1);
    this.#beginning.add(next);
    const done = () => this.#beginning.delete(next);
    next.then(done, done);
    return next;
  }

  #shown(etcdRevision: number): number {
    return this.#keys.offset.shown(etcdRevision);
  }

  /** Throws Gone for revisions from before the store was in etcd. */
  async #inEtcd(revision: number): Promise<number> {
    const inEtcd = this.#keys.offset.inEtcd(revision);
    if (revision === 0) return 0;
    if (inEtcd > 0) return inEtcd;
    throw compacted(revision, this.#shownCompactRevision(await this.#knownCompactRevision()));
  }

  /** Of a store with an offset, all revisions up to the one that etcd began with count as compacted. */
  #shownCompactRevision(etcdRevision: number): number {
    return this.#shown(this.#keys.offset.value > 0 ? Math.max(1, etcdRevision) : etcdRevision);
  }

  async #currentRevision(): Promise<number> {
    const { header } = await this.#request(
      RANGE,
      { ...this.#keys.withPrefix(""), limit: 1, keys_only: true },
      {},
    );
    return this.#shown(header!.revision);
  }

  async #timed<T>(operation: EtcdOperation, key: string, work: () => Promise<T>): Promise<T> {
    const { requestTimes } = this.#options;
    if (!requestTimes) return work();
    const startedMs = this.#clock.monotonicMs();
    let hasFailed = true;
    try {
      const answer = await work();
      hasFailed = false;
      return answer;
    } finally {
      requestTimes.observe(operation, key, (this.#clock.monotonicMs() - startedMs) / 1000, hasFailed);
    }
  }

  async #request<Q extends AnyMessage, A extends AnyMessage>(
    method: Method<Q, A>,
    message: protobuf.Outgoing<Q>,
    about: { revision?: number; lease?: number },
  ): Promise<protobuf.Message<A>> {
    try {
      return await this.#connection.request(method, message);
    } catch (error) {
      if (!isEtcdFailure(error)) throw error;
      const { revision = 0, lease = 0 } = about;
      if (error.details === COMPACTED)
        throw compacted(revision, this.#shownCompactRevision(await this.#knownCompactRevision()));
      if (error.details === FUTURE_REVISION)
        throw futureRevision(revision, this.#shown(this.#connection.seenRevision));
      if (error.details === LEASE_NOT_FOUND) throw leaseNotFound(lease);
      throw error;
    }
  }

  async #findCompactRevision(current: number): Promise<number> {
    this.#compactRevision = await findCompactRevision(this.#connection, {
      key: this.#keys.key("\0"),
      atLeast: this.#compactRevision,
      atMost: current,
    });
    return this.#compactRevision;
  }

  /** For messages: what is known must do where etcd cannot be asked. */
  async #knownCompactRevision(): Promise<number> {
    return this.#findCompactRevision(this.#connection.seenRevision).catch(() => this.#compactRevision);
  }

  /** Several control planes may do this at once: all but the first find it done. */
  async #compactQuietly(revision: number): Promise<void> {
    try {
      await this.compact(revision);
    } catch (error) {
      if (isGantryError(error, "Gone") || this.#connection.isClosed) return;
      this.#logger.warn("compaction failed; it is tried again later", { error: errorMessage(error) });
    }
  }

  #assertOpen(): void {
    if (this.#connection.isClosed) throw closed();
  }
}

function nextPageItems(kvs: readonly { value: Uint8Array; key: string }[]): number {
  let bytes = 0;
  for (const { key, value } of kvs) bytes += key.length + value.byteLength + 32;
  const fitting = Math.floor((PAGE_BYTES * kvs.length) / bytes);
  return Math.max(50, Math.min(MAX_PAGE_ITEMS, fitting));
}

/** The caller may change its values once it has called; a transaction that has to wait keeps copies. */
function copyValues(request: TransactionRequest, hasToWait: boolean): TransactionRequest {
  if (!hasToWait) return request;
  const copy = (operations: TransactionRequest["success"]) =>
    operations.map((operation) =>
      operation.type === "put" ? { ...operation, value: Buffer.from(operation.value) } : operation,
    );
  return { ...request, success: copy(request.success), failure: copy(request.failure ?? []) };
}

function firstLease(request: TransactionRequest): number {
  for (const operation of [...request.success, ...(request.failure ?? [])]) {
    if (operation.type === "put" && operation.lease) return operation.lease;
  }
  return 0;
}
