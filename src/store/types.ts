/**
 * A revisioned key-value store with etcd v3's semantics: one global revision that every writing transaction raises by
 * one; per key the revision of its creation, of its last change, and a version that counts changes since creation.
 */
export interface KeyValue {
  key: string;
  value: Uint8Array;
  createRevision: number;
  modRevision: number;
  version: number;
  /** 0 when no lease is attached. */
  lease: number;
}

export interface RangeOptions {
  /** 0 or absent: the newest. Compacted revisions fail with Gone, future ones with InvalidArgument. */
  revision?: number;
  /** 0 or absent: no limit. */
  limit?: number;
  /** Exclusive lower bound inside the prefix: the last key of the page before. */
  startAfter?: string;
  keysOnly?: boolean;
  countOnly?: boolean;
  /** Leaves out the counting, which goes over all keys beyond `limit`; `count` is then that of `items`. */
  uncounted?: boolean;
}

export interface RangeResult {
  items: KeyValue[];
  /** Keys under the prefix at that revision after `startAfter`, those beyond `limit` included. */
  count: number;
  more: boolean;
  /** The store's revision at the time of the read. */
  revision: number;
}

export type CompareTarget = "modRevision" | "createRevision" | "version";
export interface Compare {
  key: string;
  target: CompareTarget;
  operator: "=" | "!=" | "<" | ">";
  value: number;
}

export type Operation =
  | { type: "put"; key: string; value: Uint8Array; lease?: number }
  | { type: "delete"; key: string }
  | { type: "deletePrefix"; prefix: string }
  | { type: "get"; key: string };

export interface TransactionRequest {
  compare?: readonly Compare[];
  success: readonly Operation[];
  failure?: readonly Operation[];
}

export type OperationResult =
  | { type: "put"; previous: KeyValue | undefined }
  | { type: "delete"; previous: KeyValue[] }
  | { type: "get"; item: KeyValue | undefined };

export interface TransactionResult {
  succeeded: boolean;
  /** The revision of this transaction's writes, or the current one if it wrote nothing. */
  revision: number;
  results: OperationResult[];
}

export interface WatchOptions {
  /** A key, or with `prefix: true` all keys that start with it. */
  key: string;
  prefix?: boolean;
  /** First revision to deliver; absent: only what comes after the watch was made. */
  startRevision?: number;
  /** Deliver `progress` now and then, so that the watcher knows how far it is. */
  progressIntervalMs?: number;
  /** Tell of revisions that changed nothing watched too, at once, as progress; several may come as one. */
  everyRevision?: boolean;
  signal?: AbortSignal;
}

export interface StoreEvent {
  type: "put" | "delete";
  /** For deletes: key and modRevision (of the delete), empty value. */
  item: KeyValue;
  previous: KeyValue | undefined;
}

/** All events of one revision come in one batch. `progress` batches are empty and say: nothing is missing up to it. */
export interface WatchBatch {
  revision: number;
  events: StoreEvent[];
  progress?: boolean;
}

export interface StoreStatus {
  revision: number;
  compactRevision: number;
  keyCount: number;
  sizeBytes: number;
  sizeInUseBytes: number;
}

export interface CheckProblem {
  code: string;
  message: string;
  key?: string;
  revision?: number;
}

export interface SnapshotInfo {
  file: string;
  /** The newest revision that is surely in it. */
  revision: number;
  sizeBytes: number;
  sha256: string;
}

/**
 * Writes resolve after they are durable. Errors: Gone (`Store.Compacted`), InvalidArgument (`Store.FutureRevision`,
 * `Store.KeyTooLarge`, `Store.ValueTooLarge`), ResourceExhausted (`Store.NoSpace`), DataLoss (`Store.ReadOnly`,
 * `Store.Corrupt`), Unavailable (`Store.Closed`, `Store.Locked`, `Store.Unavailable`: try again).
 */
export interface Store {
  get(
    key: string,
    options?: { revision?: number },
  ): Promise<{ item: KeyValue | undefined; revision: number }>;
  /**
   * A revision that is as new as all durable writes and as all that a read was answered with: who has it may answer in the store's
   * place. Absent where that is not known without asking somebody else.
   */
  visibleRevision?(): number;
  range(prefix: string, options?: RangeOptions): Promise<RangeResult>;
  transact(request: TransactionRequest): Promise<TransactionResult>;
  /**
   * Ordered, gapless batches from `startRevision` on. Ends when the signal aborts; throws Gone when the revision is
   * compacted, ResourceExhausted (`Store.SlowWatcher`) when the consumer falls too far behind.
   */
  watch(options: WatchOptions): AsyncIterable<WatchBatch>;
  compact(revision: number): Promise<void>;
  grantLease(ttlSeconds: number): Promise<{ id: number; ttlSeconds: number }>;
  keepLeaseAlive(id: number): Promise<{ ttlSeconds: number }>;
  revokeLease(id: number): Promise<void>;
  status(): Promise<StoreStatus>;
  check(): Promise<CheckProblem[]>;
  /** Writes the state and its history to a new file, while the store goes on. Absent where the store cannot. */
  snapshot?(file: string): Promise<SnapshotInfo>;
  /** Gives free space in the store's files back to the disk. Writes wait meanwhile. Absent where the store cannot. */
  defragment?(): Promise<void>;
  close(): Promise<void>;
}
