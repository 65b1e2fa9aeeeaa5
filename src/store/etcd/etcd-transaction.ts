import type { protobuf } from "../../formats/index.ts";
import { duplicateKey } from "../errors.ts";
import type { Compare, Operation, OperationResult, TransactionRequest, TransactionResult } from "../types.ts";
import type { KeySpace } from "./key-space.ts";
import type { EtcdResponseOp, TxnRequest, TxnResponse } from "./messages.ts";

type Txn = protobuf.Outgoing<typeof TxnRequest>;
type RequestOp = NonNullable<Txn["success"]>[number];

const OPERATOR = { "=": 0, ">": 1, "<": 2, "!=": 3 };
const TARGET = { version: 0, createRevision: 1, modRevision: 2 };
const TARGET_FIELD = {
  version: "version",
  createRevision: "create_revision",
  modRevision: "mod_revision",
} as const;

export function toTxn(request: TransactionRequest, keys: KeySpace): Txn {
  return {
    compare: (request.compare ?? []).flatMap((compare) => toCompare(compare, keys)),
    success: request.success.map((operation) => toRequestOp(operation, keys)),
    failure: (request.failure ?? []).map((operation) => toRequestOp(operation, keys)),
  };
}

/** Empty for a comparison that always holds. */
function toCompare({ key, ...compare }: Compare, keys: KeySpace) {
  const { target } = compare;
  const inEtcd = keys.offset.compareInEtcd(compare);
  if (!inEtcd) return [];
  return [
    {
      key: keys.key(key),
      result: OPERATOR[inEtcd.operator],
      target: TARGET[target],
      [TARGET_FIELD[target]]: inEtcd.value,
    },
  ];
}

function toRequestOp(operation: Operation, keys: KeySpace): RequestOp {
  switch (operation.type) {
    case "put": {
      const { key, value, lease = 0 } = operation;
      return { request_put: { key: keys.key(key), value, lease, prev_kv: true } };
    }
    case "delete":
      return { request_delete_range: { key: keys.key(operation.key), prev_kv: true } };
    case "deletePrefix":
      return { request_delete_range: { ...keys.withPrefix(operation.prefix), prev_kv: true } };
    case "get":
      return { request_range: { key: keys.key(operation.key) } };
  }
}

export function fromTxn(
  request: TransactionRequest,
  { succeeded, header, responses }: protobuf.Message<typeof TxnResponse>,
  keys: KeySpace,
): TransactionResult {
  const operations = succeeded ? request.success : (request.failure ?? []);
  const results = operations.map((operation, index) => fromResponseOp(operation, responses[index], keys));
  return { succeeded, revision: keys.offset.shown(header!.revision), results };
}

function fromResponseOp(
  operation: Operation,
  response: EtcdResponseOp | undefined,
  keys: KeySpace,
): OperationResult {
  switch (operation.type) {
    case "put": {
      const previous = response?.response_put?.prev_kv;
      return { type: "put", previous: previous && keys.toKeyValue(previous) };
    }
    case "delete":
    case "deletePrefix": {
      const previous = response?.response_delete_range?.prev_kvs ?? [];
      return { type: "delete", previous: previous.map((kv) => keys.toKeyValue(kv)) };
    }
    case "get": {
      const item = response?.response_range?.kvs[0];
      return { type: "get", item: item && keys.toKeyValue(item) };
    }
  }
}

/** etcd says the same without telling the key; two deletes of one key it would let pass. */
export function refuseDuplicates(request: TransactionRequest): void {
  for (const operations of [request.success, request.failure ?? []]) {
    if (operations.length < 2) continue;
    const written = new Set<string>();
    for (const operation of operations) {
      if (operation.type !== "put" && operation.type !== "delete") continue;
      if (written.has(operation.key)) throw duplicateKey(operation.key);
      written.add(operation.key);
    }
  }
}
