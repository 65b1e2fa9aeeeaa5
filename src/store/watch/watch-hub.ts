import type { Clock } from "../../base/index.ts";
import { closed, compacted, slowWatcher } from "../errors.ts";
import type { StoreEvent, WatchBatch, WatchOptions } from "../types.ts";
import { WatchQueue } from "./watch-queue.ts";

export interface WatchSource {
  /** Newest revision that a reader can see. */
  currentRevision(): number;
  /** Revision up to which everything was published: at most the current one. */
  publishedRevision(): number;
  compactRevision(): number;
  /** Past batches of whole revisions from `from` on, some hundred events at most, and up to which revision they tell all. */
  readHistory(from: number): { batches: WatchBatch[]; through: number };
}

export interface WatchHubOptions {
  source: WatchSource;
  clock: Clock;
  maxWaitingBatches: number;
  maxWaitingBytes: number;
}

type EventFilter = (key: string) => boolean;

interface Watcher {
  matches: EventFilter;
  nextRevision: number;
  queue: WatchQueue<WatchBatch>;
  everyRevision: boolean;
}

/** Hands each commit's events to those who watch. A new watcher reads the past first and then joins the live ones. */
export class WatchHub {
  readonly #options: WatchHubOptions;
  readonly #live = new Set<Watcher>();
  #closed = false;

  constructor(options: WatchHubOptions) {
    this.#options = options;
  }

  /** Called once a revision, in order. */
  publish(batch: WatchBatch): void {
    for (const watcher of this.#live) {
      if (batch.revision < watcher.nextRevision) continue;
      const events = filterEvents(batch.events, watcher.matches);
      if (events.length > 0) watcher.queue.push(batchOf(batch, events), sizeOf(events));
      else if (watcher.everyRevision) tellProgress(watcher.queue, batch.revision);
    }
  }

  watch(options: WatchOptions): AsyncIterable<WatchBatch> {
    // Fixed now: what is written between this call and the first `next` belongs to the watch.
    const startRevision = options.startRevision ?? this.#options.source.currentRevision() + 1;
    return { [Symbol.asyncIterator]: () => this.#run(options, startRevision) };
  }

  close(): void {
    this.#closed = true;
    for (const watcher of this.#live) watcher.queue.fail(closed());
    this.#live.clear();
  }

  async *#run(options: WatchOptions, startRevision: number): AsyncGenerator<WatchBatch, void, void> {
    const { key, prefix, signal } = options;
    const matches: EventFilter = prefix ? (one) => one.startsWith(key) : (one) => one === key;
    const queue = this.#newQueue(key);
    const everyRevision = options.everyRevision ?? false;
    const watcher: Watcher = { matches, nextRevision: startRevision, queue, everyRevision };
    yield* this.#catchUp(watcher, signal);
    if (signal?.aborted) return;
    // Nothing may come between the end of the catch-up and this line.
    this.#live.add(watcher);
    const onAbort = () => watcher.queue.end();
    signal?.addEventListener("abort", onAbort, { once: true });
    const cancelProgress = this.#reportProgress(watcher, options.progressIntervalMs);
    try {
      for (;;) {
        const batches = await watcher.queue.take();
        if (!batches || signal?.aborted) return;
        for (const batch of batches) {
          yield batch;
          if (signal?.aborted) return;
        }
      }
    } finally {
      this.#live.delete(watcher);
      cancelProgress();
      signal?.removeEventListener("abort", onAbort);
    }
  }

  async *#catchUp(watcher: Watcher, signal: AbortSignal | undefined): AsyncGenerator<WatchBatch, void, void> {
    const { source } = this.#options;
    while (!signal?.aborted) {
      if (this.#closed) throw closed();
      const compactRevision = source.compactRevision();
      if (watcher.nextRevision <= compactRevision) throw compacted(watcher.nextRevision, compactRevision);
      if (watcher.nextRevision > source.publishedRevision()) return;
      const { batches, through } = source.readHistory(watcher.nextRevision);
      for (const batch of batches) {
        const events = filterEvents(batch.events, watcher.matches);
        if (events.length === 0) continue;
        yield batchOf(batch, events);
        if (signal?.aborted) return;
      }
      watcher.nextRevision = through + 1;
      if (watcher.everyRevision) yield { revision: through, events: [], progress: true };
    }
  }

  #newQueue(key: string): WatchQueue<WatchBatch> {
    return new WatchQueue({
      maxItems: this.#options.maxWaitingBatches,
      maxBytes: this.#options.maxWaitingBytes,
      onOverflow: (waitingBytes) => slowWatcher(key, waitingBytes),
    });
  }

  #reportProgress({ queue, nextRevision }: Watcher, intervalMs: number | undefined): () => void {
    if (!intervalMs) return () => {};
    const { clock, source } = this.#options;
    const report = () => {
      const revision = source.publishedRevision();
      if (queue.isEmpty && revision >= nextRevision - 1)
        queue.push({ revision, events: [], progress: true }, 0);
    };
    return clock.every(intervalMs, report, { unref: true });
  }
}

/** Progress that is still waiting is brought up to date instead of being followed by more. */
function tellProgress(queue: WatchQueue<WatchBatch>, revision: number): void {
  const last = queue.last;
  if (last?.progress) last.revision = revision;
  else queue.push({ revision, events: [], progress: true }, 0);
}

/** The same array where all events match, so that watchers of everything share it. */
function filterEvents(events: StoreEvent[], matches: EventFilter): StoreEvent[] {
  return events.every((event) => matches(event.item.key))
    ? events
    : events.filter((event) => matches(event.item.key));
}

function batchOf(batch: WatchBatch, events: StoreEvent[]): WatchBatch {
  return events === batch.events ? batch : { revision: batch.revision, events };
}

function sizeOf(events: readonly StoreEvent[]): number {
  let bytes = 0;
  for (const event of events) bytes += event.item.value.byteLength + (event.previous?.value.byteLength ?? 0);
  return bytes;
}
