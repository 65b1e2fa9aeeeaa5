import type { Calls, WireBatch, WireTransaction, WireWatch } from "./protocol.ts";

// What the clients asked and were told, for the validators. Values are reduced to what identifies them.

/** A version of a key: which write made it, and the numbers that the store gave it. */
export interface Version {
  key: string;
  /** The id of the write whose value this is; `damaged: …` when the value is not what any write wrote. */
  id: string;
  createRevision: number;
  modRevision: number;
  version: number;
}

export interface SeenEvent {
  type: "put" | "delete";
  item: Version;
  previous: Version | undefined;
}

export interface SeenBatch {
  revision: number;
  progress: boolean;
  events: SeenEvent[];
}

interface Operation<Name extends "transact" | "get" | "range", Gives> {
  call: Name;
  client: string;
  takes: Calls[Name]["takes"];
  /** Positions in one order of all beginnings and ends; `completedAt` is Infinity for ever where no answer came. */
  invokedAt: number;
  completedAt: number;
  /** `unknown`: it may have happened. `refused`: it has not. */
  outcome: "ok" | "unknown" | "refused";
  gives: Gives | undefined;
  code: string | undefined;
}

export type TransactRecord = Operation<
  "transact",
  { succeeded: boolean; revision: number; results: { previous?: Version[]; item?: Version }[] }
>;
export type GetRecord = Operation<"get", { item: Version | undefined; revision: number }>;
export type RangeRecord = Operation<
  "range",
  { items: Version[]; count: number; more: boolean; revision: number }
>;
export type OperationRecord = TransactRecord | GetRecord | RangeRecord;

export interface WatchRecord {
  client: string;
  options: WireWatch & { startRevision: number };
  batches: SeenBatch[];
  invokedAt: number;
  /** `cancelled`, `lost` (with the connection), or the code of the error that ended it. */
  end: string | undefined;
}

/** A lease with its keys. Times are monotonic ones of the harness, whose clock no fault moves. */
export interface LeaseRecord {
  client: string;
  id: number;
  ttlMs: number;
  keys: readonly string[];
  /** When the last renewal that was acknowledged was asked for: from here on it must live its whole time. */
  renewedFromMs: number;
  /** When the last renewal that may have been done had ended: from here on it may live no longer than its time. */
  renewedUntilMs: number;
  revoke: "never" | "asked" | "done";
  /** When a renewal came back with the answer that there is no such lease. */
  refusedAtMs: number | undefined;
  /** When its keys were first seen to be gone. */
  goneAtMs: number | undefined;
  /** For how long its keys were there though it should have ended. */
  overdueMs: number;
}

export interface SnapshotRecord {
  file: string;
  /** Undefined where it was not acknowledged. */
  revision: number | undefined;
}

/** Values tell who wrote them and how long they are, so that a damaged one is known. */
export function makeValue(id: string, fillerBytes: number): string {
  return `${id} ${fillerBytes} ${"x".repeat(fillerBytes)}`;
}

export function idOf(value: string): string {
  const match = /^(\S+) (\d+) (x*)$/.exec(value);
  if (match && match[3]!.length === Number(match[2])) return match[1]!;
  return `damaged: ${value.slice(0, 60)}`;
}

export function toSeenBatch({ revision, progress, events }: WireBatch): SeenBatch {
  const seen = events.map(({ type, item, previous }) => ({
    type,
    item: type === "delete" ? { ...item, id: "" } : item,
    previous,
  }));
  return { revision, progress, events: seen };
}

/** Everything that was asked and answered, in one order. */
export class History {
  readonly operations: OperationRecord[] = [];
  readonly watches: WatchRecord[] = [];
  readonly leases: LeaseRecord[] = [];
  readonly snapshots: SnapshotRecord[] = [];
  defragmentations = 0;
  /** Answers that say for sure that nothing was done. */
  readonly surelyNotDone = new Set([
    "Store.Compacted",
    "Store.FutureRevision",
    "Store.NoSpace",
    "Store.Unreachable",
    "Store.LeaseNotFound",
  ]);
  /** The highest revision that anybody asked to compact to: up to it, and no further, `Gone` is a right answer. */
  compactionAsked = 0;
  #now = 0;

  /** The next position in the order. */
  tick(): number {
    return ++this.#now;
  }

  begin<Name extends OperationRecord["call"]>(
    call: Name,
    client: string,
    takes: Calls[Name]["takes"],
  ): Extract<OperationRecord, { call: Name }> {
    const record = {
      call,
      client,
      takes,
      invokedAt: this.tick(),
      completedAt: Number.POSITIVE_INFINITY,
      outcome: "unknown",
      gives: undefined,
      code: undefined,
    } as unknown as Extract<OperationRecord, { call: Name }>;
    this.operations.push(record);
    return record;
  }
}

/** Ids of the values that a transaction would write, with their keys. */
export function* putsOf({ success, failure }: WireTransaction): Generator<{ key: string; id: string }> {
  for (const operation of [...success, ...failure]) {
    if (operation.type === "put") yield { key: operation.key, id: idOf(operation.value) };
  }
}
