import { GantryError } from "../base/index.ts";
import { cloneJson, isJsonObject, jsonEquals, setOwn } from "./json-value.ts";

export interface JsonPatchOperation {
  op: "add" | "remove" | "replace" | "move" | "copy" | "test";
  path: string;
  from?: string;
  value?: unknown;
}

export interface JsonPatchLimits {
  /** How much `copy` may add to the document in all, in bytes of JSON. */
  copiedBytes?: number;
  operations?: number;
}

const DEFAULT_COPIED_BYTES = 3 * 1024 * 1024;
const DEFAULT_OPERATIONS = 10_000;
const NAMES = new Set(["add", "remove", "replace", "move", "copy", "test"]);

function refuse(code: string, message: string): GantryError {
  return new GantryError("InvalidArgument", message, { code: `JsonPatch.${code}` });
}

/** Checks the shape of a patch document (RFC 6902 §4). Throws InvalidArgument. */
export function parseJsonPatch(document: unknown, limits: JsonPatchLimits = {}): JsonPatchOperation[] {
  if (!Array.isArray(document))
    throw refuse("Shape", "json: cannot unmarshal object into Go value of type jsonpatch.Patch");
  const most = limits.operations ?? DEFAULT_OPERATIONS;
  if (document.length > most) {
    throw new GantryError(
      "ResourceExhausted",
      `The allowed maximum operations in a JSON patch is ${most}, got ${document.length}`,
      { code: "JsonPatch.TooManyOperations" },
    );
  }
  for (const one of document) checkOperation(one);
  return document as JsonPatchOperation[];
}

function checkOperation(one: unknown): void {
  if (!isJsonObject(one)) throw refuse("Shape", "each operation of a JSON patch must be an object");
  if (typeof one.op !== "string" || !NAMES.has(one.op)) {
    throw refuse("Operation", `Unexpected kind: ${typeof one.op === "string" ? one.op : "unknown"}`);
  }
  if (typeof one.path !== "string") throw refuse("Shape", "operation is missing its path");
  if ((one.op === "move" || one.op === "copy") && typeof one.from !== "string") {
    throw refuse("Shape", "operation is missing its from");
  }
}

/** Applies an RFC 6902 patch; the document is not changed. Throws InvalidArgument with the operation that failed. */
export function applyJsonPatch(
  document: unknown,
  operations: readonly JsonPatchOperation[],
  limits: JsonPatchLimits = {},
): unknown {
  const root = { "": cloneJson(document) };
  const budget = {
    left: limits.copiedBytes ?? DEFAULT_COPIED_BYTES,
    all: limits.copiedBytes ?? DEFAULT_COPIED_BYTES,
  };
  for (const operation of operations) applyOne(root, operation, budget);
  return root[""];
}

interface Budget {
  left: number;
  all: number;
}

function applyOne(root: { "": unknown }, operation: JsonPatchOperation, budget: Budget): void {
  const { op, path } = operation;
  switch (op) {
    case "add":
      add(root, path, cloneJson(operation.value ?? null), op);
      return;
    case "remove":
      remove(root, path, op);
      return;
    case "replace":
      find(root, path, op);
      assign(root, path, cloneJson(operation.value ?? null), op);
      return;
    case "test":
      test(root, path, operation.value ?? null);
      return;
    case "move": {
      const from = operation.from!;
      if (path.startsWith(`${from}/`)) throw refuse("Move", `cannot move ${from} into its own child ${path}`);
      const value = find(root, from, op);
      remove(root, from, op);
      add(root, path, value, op);
      return;
    }
    default: {
      const value = cloneJson(find(root, operation.from!, op));
      spend(budget, value);
      add(root, path, value, op);
    }
  }
}

/** A few copies of copies would fill the memory; evanphx/json-patch has the same limit. */
function spend(budget: Budget, value: unknown): void {
  budget.left -= JSON.stringify(value).length;
  if (budget.left >= 0) return;
  throw new GantryError(
    "ResourceExhausted",
    `Unable to complete the copy, the accumulated size increase of copy is ${budget.all - budget.left}, exceeding the limit ${budget.all}`,
    { code: "JsonPatch.CopyTooLarge" },
  );
}

/** RFC 6901: `~1` is `/`, `~0` is `~`; the root is wrapped under the key "". */
function tokensOf(pointer: string, op: string): string[] {
  if (pointer !== "" && !pointer.startsWith("/")) {
    throw refuse("Path", `${op} operation does not apply: doc is missing path: "${pointer}": missing value`);
  }
  return ["", ...pointer.split("/").slice(1)].map((token) =>
    token.replaceAll("~1", "/").replaceAll("~0", "~"),
  );
}

type Container = unknown[] | Record<string, unknown>;

function locate(root: object, pointer: string, op: string): { parent: Container; token: string } {
  const tokens = tokensOf(pointer, op);
  let parent: unknown = root;
  for (const token of tokens.slice(0, -1)) parent = child(parent, token);
  if (typeof parent !== "object" || parent === null) throw missing(op, pointer);
  return { parent: parent as Container, token: tokens.at(-1)! };
}

function child(parent: unknown, token: string): unknown {
  if (Array.isArray(parent)) return /^(0|[1-9]\d*)$/.test(token) ? parent[Number(token)] : undefined;
  return isJsonObject(parent) && Object.hasOwn(parent, token) ? parent[token] : undefined;
}

function missing(op: string, pointer: string): GantryError {
  return refuse("Path", `${op} operation does not apply: doc is missing path: "${pointer}": missing value`);
}

function find(root: object, pointer: string, op: string): unknown {
  const { parent, token } = locate(root, pointer, op);
  const value = child(parent, token);
  if (value === undefined) throw missing(op, pointer);
  return value;
}

function assign(root: object, pointer: string, value: unknown, op: string): void {
  const { parent, token } = locate(root, pointer, op);
  if (Array.isArray(parent)) parent[indexOf(token, parent.length - 1, op, pointer)] = value;
  else setOwn(parent, token, value);
}

function add(root: object, pointer: string, value: unknown, op: string): void {
  const { parent, token } = locate(root, pointer, op);
  if (!Array.isArray(parent)) setOwn(parent, token, value);
  else if (token === "-") parent.push(value);
  else parent.splice(indexOf(token, parent.length, op, pointer), 0, value);
}

function remove(root: object, pointer: string, op: string): void {
  const { parent, token } = locate(root, pointer, op);
  if (child(parent, token) === undefined) throw missing(op, pointer);
  if (pointer === "") throw refuse("Path", "the whole document cannot be removed");
  if (Array.isArray(parent)) parent.splice(Number(token), 1);
  else delete parent[token];
}

function indexOf(token: string, last: number, op: string, pointer: string): number {
  const index = /^(0|[1-9]\d*)$/.test(token) ? Number(token) : -1;
  if (index >= 0 && index <= last) return index;
  throw refuse(
    "Index",
    `${op} operation does not apply: doc is missing path: "${pointer}": invalid index ${token}`,
  );
}

function test(root: object, pointer: string, expected: unknown): void {
  const { parent, token } = locate(root, pointer, "test");
  if (jsonEquals(child(parent, token) ?? null, expected)) return;
  throw refuse("Test", `testing value ${pointer} failed: test failed`);
}
