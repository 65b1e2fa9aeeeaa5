import { type Clock, isGantryError } from "../../base/index.ts";
import { compacted, slowWatcher } from "../errors.ts";
import type { StoreEvent, WatchBatch, WatchOptions } from "../types.ts";
import { WatchQueue } from "../watch/watch-queue.ts";
import { EVERYTHING, type KeySpace } from "./key-space.ts";
import { type EtcdEvent, EVENT_DELETE } from "./messages.ts";
import type { WatchStream, WatchTarget } from "./watch-stream.ts";

export interface EtcdWatcherOptions {
  keys: KeySpace;
  clock: Clock;
  /** The newest revision that etcd has told of. */
  seenRevision: () => number;
  maxWaitingBatches: number;
  maxWaitingBytes: number;
}

/**
 * One watch of the store. A watch that tells progress has etcd send the changes of all keys and leaves out what is not
 * watched: etcd's own progress reports come every 10 minutes, and those on request may overtake events (before 3.4.25 and 3.5.8).
 */
export class EtcdWatcher {
  readonly #options: EtcdWatcherOptions;
  readonly #watch: WatchOptions;
  readonly #target: WatchTarget;
  readonly #queue: WatchQueue<WatchBatch>;
  #toldRevision = 0;

  /** `nextRevision` and all that is kept here are etcd's; what comes out is the store's. */
  constructor(watch: WatchOptions, nextRevision: number, options: EtcdWatcherOptions) {
    const { keys } = options;
    this.#watch = watch;
    this.#options = options;
    this.#queue = new WatchQueue({
      maxItems: options.maxWaitingBatches,
      maxBytes: options.maxWaitingBytes,
      onOverflow: (waitingBytes) => slowWatcher(watch.key, waitingBytes),
    });
    const own = watch.prefix ? keys.withPrefix(watch.key) : { key: keys.key(watch.key) };
    const { key, range_end } = watch.everyRevision || watch.progressIntervalMs ? EVERYTHING : own;
    this.#target = {
      key,
      ...(range_end ? { rangeEnd: range_end } : {}),
      nextRevision,
      isFresh: watch.startRevision === undefined,
      onEvents: (revision, events) => this.#onEvents(revision, events),
      onProgress: (revision) => this.#onQuietRevision(revision),
      onCompacted: (revision, compactRevision) =>
        this.#queue.fail(this.#compacted(revision, compactRevision)),
      onFailure: (error) => this.#queue.fail(error),
    };
  }

  fail(error: unknown): void {
    this.#queue.fail(error);
  }

  async *run(stream: WatchStream): AsyncGenerator<WatchBatch, void, void> {
    const { signal } = this.#watch;
    const stop = stream.add(this.#target);
    const onAbort = () => this.#queue.end();
    signal?.addEventListener("abort", onAbort, { once: true });
    const cancelProgress = this.#reportProgress();
    try {
      for (;;) {
        const batches = await this.#queue.take();
        if (!batches || signal?.aborted) return;
        for (const batch of batches) {
          yield batch;
          if (signal?.aborted) return;
        }
      }
    } finally {
      stop();
      cancelProgress();
      signal?.removeEventListener("abort", onAbort);
    }
  }

  #onEvents(revision: number, etcdEvents: readonly EtcdEvent[]): void {
    if (this.#queue.hasEnded) return;
    const events: StoreEvent[] = [];
    let sizeBytes = 0;
    try {
      for (const etcdEvent of etcdEvents) {
        const event = this.#toEvent(etcdEvent);
        if (!event) continue;
        events.push(event);
        sizeBytes += event.item.value.byteLength + (event.previous?.value.byteLength ?? 0);
      }
    } catch (error) {
      if (!isGantryError(error)) throw error;
      this.#queue.fail(error);
      return;
    }
    if (events.length === 0) {
      this.#onQuietRevision(revision);
      return;
    }
    this.#toldRevision = revision;
    this.#queue.push({ revision: this.#shown(revision), events }, sizeBytes);
  }

  #onQuietRevision(revision: number): void {
    if (this.#watch.everyRevision) this.#tellProgress(revision);
  }

  /** Progress that is still waiting is brought up to date instead of being followed by more. */
  #tellProgress(revision: number): void {
    if (revision <= this.#toldRevision) return;
    this.#toldRevision = revision;
    const { last } = this.#queue;
    const shown = this.#shown(revision);
    if (last?.progress) last.revision = shown;
    else this.#queue.push({ revision: shown, events: [], progress: true }, 0);
  }

  #reportProgress(): () => void {
    const { progressIntervalMs } = this.#watch;
    if (!progressIntervalMs) return () => {};
    const report = () => {
      const revision = this.#target.nextRevision - 1;
      if (this.#queue.isEmpty && revision <= this.#options.seenRevision()) this.#tellProgress(revision);
    };
    return this.#options.clock.every(progressIntervalMs, report, { unref: true });
  }

  #toEvent({ type, kv, prev_kv }: EtcdEvent): StoreEvent | undefined {
    const { keys } = this.#options;
    const key = keys.ownKey(kv!.key);
    if (key === undefined || !this.#isWatched(key)) return undefined;
    const isDelete = type === EVENT_DELETE;
    // etcd leaves the previous value out when a compaction was faster.
    if (!prev_kv && (isDelete || kv!.version > 1)) throw this.#compacted(kv!.mod_revision, kv!.mod_revision);
    return {
      type: isDelete ? "delete" : "put",
      item: keys.toKeyValue(kv!),
      previous: prev_kv && keys.toKeyValue(prev_kv),
    };
  }

  #shown(revision: number): number {
    return this.#options.keys.offset.shown(revision);
  }

  #compacted(revision: number, compactRevision: number) {
    return compacted(this.#shown(revision), this.#shown(compactRevision));
  }

  #isWatched(key: string): boolean {
    const { key: watched, prefix } = this.#watch;
    return prefix ? key.startsWith(watched) : key === watched;
  }
}
