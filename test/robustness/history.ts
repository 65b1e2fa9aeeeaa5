import type { Calls, WireBatch, WireItem, WireTransaction, WireWatch } from "./protocol.ts";

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

/** Values tell who wrote them and how long they are, so that a damaged one is known. */
export function makeValue(id: string, fillerBytes: number): string {
  return `${id} ${fillerBytes} ${"x".repeat(fillerBytes)}`;
}

export function idOf(value: string): string {
  const match = /^(\S+) (\d+) (x*)$/.exec(value);
  if (match && match[3]!.length === Number(match[2])) return match[1]!;
  return `damaged: ${value.slice(0, 60)}`;
}

export function toVersion({ key, value, createRevision, modRevision, version }: WireItem): Version {
  return { key, id: idOf(value), createRevision, modRevision, version };
}

export function toSeenBatch({ revision, progress, events }: WireBatch): SeenBatch {
  const seen = events.map(({ type, item, previous }) => ({
    type,
    item: type === "delete" ? { ...toVersion(item), id: "" } : toVersion(item),
    previous: previous && toVersion(previous),
  }));
  return { revision, progress, events: seen };
}

/** Everything that was asked and answered, in one order. */
export class History {
  readonly operations: OperationRecord[] = [];
  readonly watches: WatchRecord[] = [];
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
