import { duplicateKey, keyTooLarge, valueTooLarge } from "../errors.ts";
import type { Compare, KeyValue, Operation, OperationResult, TransactionRequest } from "../types.ts";
import type { VersionRecord } from "./backend.ts";
import { toKeyValue } from "./backend.ts";

export interface SizeLimits {
  maxKeyBytes: number;
  maxValueBytes: number;
}

/** The state that a transaction sees: everything before it, durable or still waiting to be. */
export interface TransactionView {
  /** Numbers only; a tombstone counts as absent. */
  numbers(key: string): Pick<VersionRecord, "createRevision" | "modRevision" | "version"> | undefined;
  /** The newest version, tombstones included, so that the chain of versions can go on from it. */
  newest(key: string): VersionRecord | undefined;
  /** Living keys under a prefix. */
  keys(prefix: string): string[];
}

export interface TransactionOutcome {
  succeeded: boolean;
  results: OperationResult[];
  writes: { record: VersionRecord; previous: VersionRecord | undefined }[];
}

/** What the transaction does to the state, if it becomes `revision`. Nothing is changed here. */
export function evaluate(
  request: TransactionRequest,
  view: TransactionView,
  revision: number,
): TransactionOutcome {
  const succeeded = (request.compare ?? []).every((compare) => holds(compare, view));
  const operations = succeeded ? request.success : (request.failure ?? []);
  const written = new Map<string, TransactionOutcome["writes"][number]>();
  const results = operations.map((operation) => apply(operation, view, revision, written));
  return { succeeded, results, writes: [...written.values()] };
}

function holds({ key, target, operator, value }: Compare, view: TransactionView): boolean {
  const found = view.numbers(key)?.[target] ?? 0;
  switch (operator) {
    case "=":
      return found === value;
    case "!=":
      return found !== value;
    case "<":
      return found < value;
    case ">":
      return found > value;
  }
}

type Written = Map<string, TransactionOutcome["writes"][number]>;

function apply(
  operation: Operation,
  view: TransactionView,
  revision: number,
  written: Written,
): OperationResult {
  switch (operation.type) {
    case "put": {
      const { key, value, lease = 0 } = operation;
      if (written.has(key)) throw duplicateKey(key);
      const newest = view.newest(key);
      const previous = newest?.deleted ? undefined : newest;
      const record: VersionRecord = {
        key,
        value,
        createRevision: previous?.createRevision ?? revision,
        modRevision: revision,
        version: (previous?.version ?? 0) + 1,
        lease,
        deleted: false,
        previousRevision: newest?.modRevision ?? 0,
      };
      written.set(key, { record, previous });
      return { type: "put", previous: previous && toKeyValue(previous) };
    }
    case "delete":
      return { type: "delete", previous: remove([operation.key], view, revision, written) };
    case "deletePrefix":
      return { type: "delete", previous: remove(view.keys(operation.prefix), view, revision, written) };
    case "get": {
      const record = written.get(operation.key)?.record ?? view.newest(operation.key);
      return { type: "get", item: record && !record.deleted ? toKeyValue(record) : undefined };
    }
  }
}

const NO_VALUE = new Uint8Array(0);

function remove(keys: string[], view: TransactionView, revision: number, written: Written): KeyValue[] {
  const removed: KeyValue[] = [];
  for (const key of keys) {
    if (written.has(key)) throw duplicateKey(key);
    const previous = view.newest(key);
    if (!previous || previous.deleted) continue;
    const record: VersionRecord = {
      key,
      value: NO_VALUE,
      createRevision: 0,
      modRevision: revision,
      version: 0,
      lease: 0,
      deleted: true,
      previousRevision: previous.modRevision,
    };
    written.set(key, { record, previous });
    removed.push(toKeyValue(previous));
  }
  return removed;
}

/** Refuses keys and values that the store does not take. */
export function validateRequest(request: TransactionRequest, limits: SizeLimits): void {
  for (const operation of [...request.success, ...(request.failure ?? [])]) {
    if (operation.type === "deletePrefix") continue;
    validateKey(operation.key, limits);
    if (operation.type === "put" && operation.value.byteLength > limits.maxValueBytes) {
      throw valueTooLarge(operation.key, operation.value.byteLength, limits.maxValueBytes);
    }
  }
  for (const { key } of request.compare ?? []) validateKey(key, limits);
}

export function validateKey(key: string, limits: SizeLimits): void {
  // A UTF-16 unit takes at most three bytes, so that most keys need no count.
  if (key.length > 0 && key.length * 3 <= limits.maxKeyBytes) return;
  const sizeBytes = Buffer.byteLength(key);
  if (sizeBytes === 0 || sizeBytes > limits.maxKeyBytes) throw keyTooLarge(sizeBytes, limits.maxKeyBytes);
}
