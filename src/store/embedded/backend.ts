import type { CheckProblem, KeyValue } from "../types.ts";

/** What is known of a key's version without its value. */
export interface RecordHead {
  key: string;
  createRevision: number;
  modRevision: number;
  version: number;
  lease: number;
  /** A tombstone: the key was deleted by this revision. */
  deleted: boolean;
  /** Revision of the version before this one (a tombstone included), 0 for none. */
  previousRevision: number;
}

/** One version of one key. A tombstone has an empty value. */
export interface VersionRecord extends RecordHead {
  value: Uint8Array;
}

/**
 * The durable state at one moment. It is read within one synchronous stretch and not kept. Reading a record whose
 * checksum is wrong throws `Store.Corrupt`.
 */
export interface Snapshot {
  readonly revision: number;
  /** The newest version; tombstones included. */
  head(key: string): RecordHead | undefined;
  /** Newest versions in order of their keys; with `tombstones` the deleted keys too. */
  heads(
    prefix: string,
    options: { startAfter?: string | undefined; tombstones: boolean },
  ): Iterable<RecordHead>;
  /** How many keys live now under the prefix after `startAfter`. */
  count(prefix: string, startAfter?: string): number;
  /** The version that this revision wrote. */
  version(key: string, revision: number): VersionRecord | undefined;
  /** All versions written from `from` to `to`, both included, in order of (revision, key). */
  history(from: number, to: number): Iterable<VersionRecord>;
  /** As `history` without the values. */
  historyHeads(from: number, to: number): Iterable<RecordHead>;
}

/** One step of a commit; a commit does its steps in order and all or none. */
export type Mutation =
  | { type: "version"; record: VersionRecord; previousLease: number }
  | { type: "lease"; id: number; ttlSeconds: number | undefined }
  | { type: "dropVersion"; key: string; revision: number }
  | { type: "dropTombstone"; key: string }
  | { type: "compacted"; revision: number }
  | { type: "compactedThrough"; revision: number };

export interface LoadedState {
  revision: number;
  compactRevision: number;
  /** Up to here compaction has removed what it may remove. */
  compactedThrough: number;
  leases: { id: number; ttlSeconds: number; keys: string[] }[];
}

export interface DefragmentOptions {
  signal: AbortSignal;
  /** Resolves when no commit is under way; none begins before the backend has ended its work. */
  pauseCommits: () => Promise<void>;
}

/** Where a store keeps its data. Everything about revisions, transactions, leases and watches stands above it. */
export interface StoreBackend {
  open(): Promise<LoadedState>;
  snapshot(): Snapshot;
  /** A copy of a caller's value, laid out as the backend wants to write it. Versions hold only such values. */
  adopt(value: Uint8Array): Uint8Array;
  /** Resolves when the mutations are durable and visible to new snapshots; `revision` is the one afterwards. */
  commit(mutations: readonly Mutation[], revision: number): Promise<void>;
  /** True when a failed commit leaves the backend usable: it may be tried again later. */
  canRecover(error: unknown): boolean;
  size(): { keyCount: number; sizeBytes: number; sizeInUseBytes: number };
  /** Reads everything. The signal ends this and the following ones early, with its reason. */
  check(signal: AbortSignal): Promise<CheckProblem[]>;
  /** Puts a copy of its data as they are now into a directory, while commits go on. */
  copyInto?(dir: string, signal: AbortSignal): Promise<void>;
  /** Gives free space in its files back to the disk, while reads go on. Failure leaves everything as it was. */
  defragment?(options: DefragmentOptions): Promise<void>;
  close(): Promise<void>;
}

export function toKeyValue(record: VersionRecord): KeyValue {
  const { key, value, createRevision, modRevision, version, lease } = record;
  return { key, value, createRevision, modRevision, version, lease };
}

/**
 * The version of a key that was current at `revision`, or undefined if the key did not exist then. `head` is its newest
 * one; the chain of previous revisions leads back from there.
 */
export function headAt(
  snapshot: Snapshot,
  head: RecordHead | undefined,
  revision: number,
): RecordHead | undefined {
  let current = head;
  while (current && current.modRevision > revision) {
    current =
      current.previousRevision === 0 ? undefined : snapshot.version(current.key, current.previousRevision);
  }
  return current?.deleted ? undefined : current;
}
