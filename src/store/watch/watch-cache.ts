import {
  backoffMs,
  type Clock,
  errorMessage,
  FairTurn,
  type GantryError,
  isGantryError,
  type Logger,
  systemClock,
} from "../../base/index.ts";
import { cacheClosed, missedEvent, slowWatcher, tooOld } from "../errors.ts";
import type { KeyValue, Store, StoreEvent, WatchBatch } from "../types.ts";
import { EventHistory } from "./event-history.ts";
import { PrefixGroups } from "./prefix-groups.ts";
import { type CachedItem, CachedItems } from "./watch-cache-items.ts";
import { WatchQueue } from "./watch-queue.ts";

/**
 * One change as the cache tells it. `T` is what `decode` made of the stored bytes; for DELETED, `object` is the last state
 * as `deletedAt` gives it.
 */
export interface CacheEvent<T> {
  type: "ADDED" | "MODIFIED" | "DELETED";
  key: string;
  object: T;
  previous: T | undefined;
  /** Of the stored value that it tells of. */
  sizeBytes: number;
  /** Encoded forms by name, made by the first watcher that needs one and shared by all others. */
  encoded: Map<string, Buffer>;
}

/** All events of one revision that a subscriber asked for; without events: nothing is missing up to it. */
export interface CacheBatch<T> {
  revision: number;
  events: readonly CacheEvent<T>[];
}

export interface WatchCacheOptions<T> {
  store: Store;
  /** Keys that the cache holds. */
  prefix: string;
  /** Called once a version; parse lazily inside `T` where parsing is dear. */
  decode: (key: string, value: Uint8Array, revision: number) => T;
  /** The last state as it stands in a DELETED event; the previous object itself when absent. */
  deletedAt?: (previous: T, revision: number) => T;
  /** Called when a whole load has taken the place of what was known, before anybody sees it. */
  onLoaded?: () => void;
  /** What is kept of the past for watches that start there: at most 20 000 events, 32 MiB and 5 minutes when absent. */
  historyEvents?: number;
  historyBytes?: number;
  historyMs?: number;
  /** How many batches may wait for one subscriber before it is cut off. Default 10 000. */
  maxWaitingBatches?: number;
  /** How many bytes of stored values may wait for it. Default 64 MiB. */
  maxWaitingBytes?: number;
  /** How often subscribers without events learn how far they are. Default 10 s. */
  progressIntervalMs?: number;
  logger: Logger;
  clock?: Clock;
}

interface Waiter {
  revision: number;
  resolve: (reached: boolean) => void;
}

const PAGE_ITEMS = 5000;
const RELOAD_DELAY = { initialMs: 200, maxMs: 2000 };
const MIB = 2 ** 20;

/**
 * All values under one prefix in memory, kept current by one watch of the store, and handed on to any number of subscribers:
 * the store is read once, however many watch.
 */
export class WatchCache<T> {
  readonly #options: WatchCacheOptions<T>;
  readonly #clock: Clock;
  #items = new CachedItems<T>();
  readonly #history: EventHistory<CacheBatch<T>>;
  readonly #subscribers = new PrefixGroups<WatchQueue<CacheBatch<T>>>();
  #waiters: Waiter[] = [];
  #revision = 0;
  #following = new AbortController();

  constructor(options: WatchCacheOptions<T>) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#history = new EventHistory({
      events: options.historyEvents ?? 20_000,
      bytes: options.historyBytes ?? 32 * MIB,
      ageMs: options.historyMs ?? 5 * 60_000,
    });
  }

  /** Everything up to this revision is known; 0 before the first load. */
  get revision(): number {
    return this.#revision;
  }

  get size(): number {
    return this.#items.size;
  }

  /**
   * Loads and follows the store until the signal aborts; `ready` is called once loaded. When the store's watch breaks, the
   * cache loads anew and all subscribers are sent away with Gone, so that nobody misses a change. Until that load is whole,
   * readers see the old state at its old revision.
   */
  async run({ signal, ready }: { signal: AbortSignal; ready: () => void }): Promise<void> {
    const intervalMs = this.#options.progressIntervalMs ?? 10_000;
    const cancelProgress = this.#clock.every(intervalMs, () => this.#reportProgress(), { unref: true });
    try {
      for (let failures = 0; !signal.aborted; ) {
        try {
          await this.#load();
          ready();
          failures = 0;
          await this.#follow(signal);
        } catch (error) {
          if (signal.aborted) break;
          if (!mayPass(error)) throw error;
          const level = error.code === "Store.MissedEvent" ? "error" : "warn";
          this.#options.logger[level]("the watch cache loads anew", { error: errorMessage(error) });
          await this.#clock.sleep(backoffMs(failures++, RELOAD_DELAY), signal).catch(() => {});
        }
      }
    } finally {
      cancelProgress();
      this.#dismissAll(cacheClosed());
      for (const waiter of this.#waiters.splice(0)) waiter.resolve(false);
    }
  }

  /** Has the cache load anew, for somebody who found that it does not show what the store holds. */
  reload(): void {
    this.#following.abort();
  }

  /** All items as they are at one revision; undefined before the first load. */
  snapshot(): { revision: number; items: readonly CachedItem<T>[] } | undefined {
    if (this.#revision === 0) return undefined;
    return { revision: this.#revision, items: [...this.#items.withPrefix(this.#options.prefix)] };
  }

  get(key: string): T | undefined {
    return this.#items.get(key)?.object;
  }

  /** Objects whose keys start with the prefix, in order of their keys. */
  list(prefix: string): readonly T[] {
    return this.#items.list(prefix);
  }

  /** How many objects have keys that start with the prefix. */
  count(prefix: string): number {
    return this.#items.count(prefix);
  }

  /** Resolves true once the cache has reached the revision, false when it has not after `timeoutMs`. */
  waitFor(revision: number, timeoutMs: number): Promise<boolean> {
    if (this.#revision >= revision) return Promise.resolve(true);
    return new Promise((resolve) => {
      const waiter: Waiter = {
        revision,
        resolve: (reached) => {
          cancel();
          resolve(reached);
        },
      };
      const cancel = this.#clock.after(timeoutMs, () => {
        this.#waiters = this.#waiters.filter((one) => one !== waiter);
        resolve(false);
      });
      this.#waiters.push(waiter);
    });
  }

  /**
   * Changes after `afterRevision` under the prefix, in order and without a gap, with progress now and then. The watch begins
   * with the call, not with the first `next`. Throws Gone (`Store.TooOld`) when the revision is older than what is kept,
   * ResourceExhausted (`Store.SlowWatcher`) when the consumer falls too far behind. Ends when the signal aborts.
   */
  watch(prefix: string, afterRevision: number, signal: AbortSignal): AsyncIterable<CacheBatch<T>> {
    const queue = new WatchQueue<CacheBatch<T>>({
      maxItems: this.#options.maxWaitingBatches ?? 10_000,
      maxBytes: this.#options.maxWaitingBytes ?? 64 * MIB,
      onOverflow: (waitingBytes) => slowWatcher(prefix, waitingBytes),
    });
    const oldest = this.#history.completeAfter;
    if (afterRevision < oldest) {
      queue.fail(tooOld(afterRevision, oldest));
      return deliver(queue, [], afterRevision, signal, () => {});
    }
    const backlog: CacheBatch<T>[] = [];
    for (const batch of this.#history.after(afterRevision)) {
      const filtered = filterBatch(batch, prefix);
      if (filtered) backlog.push(filtered);
    }
    const unsubscribe = this.#subscribe(prefix, queue, signal);
    return deliver(queue, backlog, afterRevision, signal, unsubscribe);
  }

  #subscribe(prefix: string, queue: WatchQueue<CacheBatch<T>>, signal: AbortSignal): () => void {
    const leave = this.#subscribers.add(prefix, queue);
    const unsubscribe = () => {
      queue.end();
      signal.removeEventListener("abort", unsubscribe);
      leave();
    };
    signal.addEventListener("abort", unsubscribe, { once: true });
    if (signal.aborted) unsubscribe();
    return unsubscribe;
  }

  /** At one revision, and in turns, so that the event loop is not held by a big store. */
  async #load(): Promise<void> {
    const { store, prefix, onLoaded } = this.#options;
    const turn = new FairTurn();
    const items = new CachedItems<T>();
    let revision: number | undefined;
    let startAfter: string | undefined;
    for (let more = true; more; ) {
      const page = await store.range(prefix, { limit: PAGE_ITEMS, startAfter, revision, uncounted: true });
      for (const item of page.items) {
        items.put(this.#decode(item));
        if (turn.isSpent) await turn.next();
      }
      revision ??= page.revision;
      startAfter = page.items.at(-1)?.key;
      more = page.more;
    }
    // All at once: no reader sees half a load, and who watched the old state, or began to meanwhile, has missed something.
    this.#dismissAll(tooOld(this.#revision, revision!));
    this.#items = items;
    this.#history.reset(revision!);
    onLoaded?.();
    this.#advance(revision!);
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { store, prefix } = this.#options;
    const startRevision = this.#revision + 1;
    this.#following = new AbortController();
    const batches = store.watch({
      key: prefix,
      prefix: true,
      startRevision,
      everyRevision: true,
      signal: AbortSignal.any([signal, this.#following.signal]),
    });
    for await (const batch of batches) {
      if (batch.events.length > 0) this.#apply(batch);
      this.#advance(batch.revision);
    }
  }

  #apply({ revision, events }: WatchBatch): void {
    for (const { item, previous } of events) this.#assertNothingMissed(item, previous);
    const told = events.map((event) => this.#change(event));
    const batch: CacheBatch<T> = { revision, events: told };
    this.#history.add(batch, told.length, sizeOf(told), this.#clock.monotonicMs());
    for (const [queues, wanted] of this.#subscribers.groupsFor(told, ({ key }) => key)) {
      const filtered = wanted.length === told.length ? batch : { revision, events: wanted };
      const sizeBytes = sizeOf(wanted);
      for (const queue of queues) queue.push(filtered, sizeBytes);
    }
  }

  /** The store tells with each change what was before it: where that is not what is known here, something was not told. */
  #assertNothingMissed({ key, modRevision }: KeyValue, previous: KeyValue | undefined): void {
    const known = this.#items.get(key)?.revision ?? 0;
    const told = previous?.modRevision ?? 0;
    if (known !== told) throw missedEvent(key, modRevision, told, known);
  }

  #change({ type, item, previous: replaced }: StoreEvent): CacheEvent<T> {
    const { key } = item;
    const previous = this.#items.get(key)?.object;
    const encoded = new Map<string, Buffer>();
    if (type === "put") {
      const next = this.#decode(item);
      this.#items.put(next);
      const told = previous === undefined ? "ADDED" : "MODIFIED";
      return { type: told, key, object: next.object, previous, sizeBytes: item.value.byteLength, encoded };
    }
    this.#items.delete(key);
    const last = this.#options.deletedAt ? this.#options.deletedAt(previous!, item.modRevision) : previous!;
    const sizeBytes = replaced!.value.byteLength;
    return { type: "DELETED", key, object: last, previous, sizeBytes, encoded };
  }

  #decode({ key, value, modRevision }: KeyValue): CachedItem<T> {
    return { key, revision: modRevision, object: this.#options.decode(key, value, modRevision) };
  }

  #advance(revision: number): void {
    this.#revision = revision;
    if (this.#waiters.length === 0) return;
    const reached = this.#waiters.filter((waiter) => waiter.revision <= revision);
    if (reached.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => waiter.revision > revision);
    for (const waiter of reached) waiter.resolve(true);
  }

  #reportProgress(): void {
    this.#history.trim(this.#clock.monotonicMs());
    const batch: CacheBatch<T> = { revision: this.#revision, events: [] };
    for (const queue of this.#subscribers.all()) if (queue.isEmpty) queue.push(batch, 0);
  }

  #dismissAll(error: GantryError): void {
    for (const queue of this.#subscribers.all()) queue.fail(error);
    this.#subscribers.clear();
  }
}

async function* deliver<T>(
  queue: WatchQueue<CacheBatch<T>>,
  backlog: readonly CacheBatch<T>[],
  afterRevision: number,
  signal: AbortSignal,
  release: () => void,
): AsyncGenerator<CacheBatch<T>, void, void> {
  try {
    for (let batches: readonly CacheBatch<T>[] | undefined = backlog; batches; batches = await queue.take()) {
      for (const batch of batches) {
        if (signal.aborted) return;
        // A watch may start in the future: nothing up to its start is told, progress included.
        if (batch.revision >= afterRevision + (batch.events.length > 0 ? 1 : 0)) yield batch;
      }
    }
  } finally {
    release();
  }
}

function filterBatch<T>(batch: CacheBatch<T>, prefix: string): CacheBatch<T> | undefined {
  const { revision, events } = batch;
  if (events.every((event) => event.key.startsWith(prefix))) return batch;
  const wanted = events.filter((event) => event.key.startsWith(prefix));
  return wanted.length > 0 ? { revision, events: wanted } : undefined;
}

function sizeOf(events: readonly CacheEvent<unknown>[]): number {
  let bytes = 0;
  for (const event of events) bytes += event.sizeBytes;
  return bytes;
}

/**
 * Whether a new load may help: this watch lost its place, or the store cannot be reached just now. It does not where the
 * store is closed, lost data, or was exchanged under us.
 */
function mayPass(error: unknown): error is GantryError {
  if (!isGantryError(error)) return false;
  return error.code !== "Store.Closed" && error.kind !== "DataLoss" && error.kind !== "Internal";
}
