import type { CheckProblem } from "../types.ts";
import type { LoadedState, Mutation, RecordHead, Snapshot, StoreBackend, VersionRecord } from "./backend.ts";
import { compareKeys, lowerBound } from "./key-order.ts";

const keyOf = (record: RecordHead) => record.key;

/** Keeps everything in this process; nothing outlives it. */
export class MemoryBackend implements StoreBackend {
  readonly #newest = new Map<string, VersionRecord>();
  /** Newest versions in order of their keys, tombstones included. */
  readonly #sorted: VersionRecord[] = [];
  /** Versions of each revision, in order of their keys; revisions ascend. */
  readonly #history = new Map<number, VersionRecord[]>();
  #living = 0;
  #bytes = 0;
  #revision = 1;

  async open(): Promise<LoadedState> {
    return { revision: this.#revision, compactRevision: 0, compactedThrough: 0, leases: [] };
  }

  adopt(value: Uint8Array): Uint8Array {
    return Buffer.from(value);
  }

  snapshot(): Snapshot {
    return {
      revision: this.#revision,
      head: (key) => this.#newest.get(key),
      heads: (prefix, options) => this.#heads(prefix, options.startAfter, options.tombstones),
      count: (prefix, startAfter) => {
        let count = 0;
        for (const _ of this.#heads(prefix, startAfter, false)) count++;
        return count;
      },
      version: (key, revision) => this.#history.get(revision)?.find((record) => record.key === key),
      history: (from, to) => this.#between(from, to),
      historyHeads: (from, to) => this.#between(from, to),
    };
  }

  async commit(mutations: readonly Mutation[], revision: number): Promise<void> {
    for (const mutation of mutations) this.#apply(mutation);
    this.#revision = revision;
  }

  canRecover(): boolean {
    return true;
  }

  size(): { keyCount: number; sizeBytes: number; sizeInUseBytes: number } {
    return { keyCount: this.#living, sizeBytes: this.#bytes, sizeInUseBytes: this.#bytes };
  }

  async check(): Promise<CheckProblem[]> {
    return [];
  }

  async close(): Promise<void> {}

  #apply(mutation: Mutation): void {
    switch (mutation.type) {
      case "version":
        this.#put(mutation.record);
        return;
      case "dropVersion":
        this.#dropVersion(mutation.key, mutation.revision);
        return;
      case "dropTombstone":
        this.#newest.delete(mutation.key);
        this.#sorted.splice(this.#indexOf(mutation.key), 1);
        return;
      default:
        // Leases and compaction marks only matter to a later start.
        return;
    }
  }

  #put(record: VersionRecord): void {
    const previous = this.#newest.get(record.key);
    const index = this.#indexOf(record.key);
    this.#sorted.splice(index, previous ? 1 : 0, record);
    this.#newest.set(record.key, record);
    this.#living += Number(!record.deleted) - Number(previous !== undefined && !previous.deleted);
    this.#bytes += sizeOf(record);
    const batch = this.#history.get(record.modRevision) ?? [];
    batch.push(record);
    batch.sort((a, b) => compareKeys(a.key, b.key));
    this.#history.set(record.modRevision, batch);
  }

  #dropVersion(key: string, revision: number): void {
    const batch = this.#history.get(revision);
    const index = batch?.findIndex((record) => record.key === key) ?? -1;
    if (!batch || index < 0) return;
    const [record] = batch.splice(index, 1);
    this.#bytes -= sizeOf(record!);
    if (batch.length === 0) this.#history.delete(revision);
  }

  *#heads(prefix: string, startAfter: string | undefined, tombstones: boolean): Iterable<VersionRecord> {
    const start = startAfter !== undefined && compareKeys(startAfter, prefix) > 0 ? startAfter : prefix;
    for (let index = this.#indexOf(start); index < this.#sorted.length; index++) {
      const record = this.#sorted[index]!;
      if (!record.key.startsWith(prefix)) return;
      if (record.key === startAfter || (record.deleted && !tombstones)) continue;
      yield record;
    }
  }

  *#between(from: number, to: number): Iterable<VersionRecord> {
    // Compaction leaves few revisions of the far past, so that walking the numbers would be long only there.
    for (let revision = from; revision <= to; revision++) yield* this.#history.get(revision) ?? [];
  }

  #indexOf(key: string): number {
    return lowerBound(this.#sorted, key, keyOf);
  }
}

function sizeOf({ key, value }: VersionRecord): number {
  return key.length + value.byteLength;
}
