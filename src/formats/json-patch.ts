import { GantryError } from "../base/index.ts";
import { cloneJson, isJsonObject, jsonEquals, setOwn } from "./json-value.ts";

export interface JsonPatchOperation {
  /** `add`, `remove`, `replace`, `move`, `copy` or `test`. */
  op: string;
  path: string | undefined;
  from?: string | undefined;
  value?: unknown;
}

export interface JsonPatchLimits {
  /** How much `copy` may add to the document in all, in bytes of JSON. */
  copiedBytes?: number;
  operations?: number;
}

const DEFAULT_COPIED_BYTES = 3 * 1024 * 1024;
const DEFAULT_OPERATIONS = 10_000;

function refuse(code: string, message: string): GantryError {
  return new GantryError("InvalidArgument", message, { code: `JsonPatch.${code}` });
}

/**
 * Reads a patch document (RFC 6902 §4). Throws InvalidArgument, `JsonPatch.Shape`, in the words of Go's decoder for what is
 * no list of operations. What an operation lacks is found when it is applied.
 */
export function parseJsonPatch(document: unknown, limits: JsonPatchLimits = {}): JsonPatchOperation[] {
  if (!Array.isArray(document)) throw wrongShape(document, "Go value of type []handlers.jsonPatchOp");
  const most = limits.operations ?? DEFAULT_OPERATIONS;
  if (document.length > most) {
    throw new GantryError(
      "ResourceExhausted",
      `The allowed maximum operations in a JSON patch is ${most}, got ${document.length}`,
      { code: "JsonPatch.TooManyOperations" },
    );
  }
  return document.map(operationOf);
}

function wrongShape(value: unknown, target: string): GantryError {
  const shown = Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
  return refuse("Shape", `json: cannot unmarshal ${shown} into ${target}`);
}

function operationOf(one: unknown): JsonPatchOperation {
  if (one === null) return { op: "", path: "" };
  if (!isJsonObject(one)) throw wrongShape(one, "Go value of type handlers.jsonPatchOp");
  const text = (name: "op" | "path" | "from") => {
    const value = one[name] ?? undefined;
    if (value === undefined || typeof value === "string") return value;
    throw wrongShape(value, `Go struct field jsonPatchOp.${name} of type string`);
  };
  return { op: text("op") ?? "", path: text("path"), from: text("from"), value: one.value };
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
  const { op } = operation;
  if (operation.path === undefined) throw refuse("Operation", "operation is missing its path");
  const { path } = operation;
  switch (op) {
    case "add":
      add(root, inside(path, op), cloneJson(operation.value ?? null), op);
      return;
    case "remove":
      remove(root, inside(path, op), op);
      return;
    case "replace":
      replace(root, path, cloneJson(operation.value ?? null));
      return;
    case "test":
      test(root, path, operation.value ?? null);
      return;
    case "move": {
      const from = inside(operation.from, op);
      if (path.startsWith(`${from}/`)) throw refuse("Move", `cannot move ${from} into its own child ${path}`);
      const value = find(root, from, op);
      remove(root, from, op);
      add(root, inside(path, op), value, op);
      return;
    }
    case "copy": {
      const value = cloneJson(find(root, operation.from ?? "", op));
      spend(budget, value);
      add(root, inside(path, op), value, op);
      return;
    }
    default:
      throw refuse("Operation", `Unexpected kind: ${op}`);
  }
}

/** The whole document can be replaced, copied and tested, and nothing else (evanphx/json-patch findObject). */
function inside(pointer: string | undefined, op: string): string {
  if (pointer) return pointer;
  throw missing(op, pointer ?? "");
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
  if (Array.isArray(parent)) return parent[positionOf(token, parent.length) ?? parent.length];
  return isJsonObject(parent) && Object.hasOwn(parent, token) ? parent[token] : undefined;
}

/** A place in a list; from its end where it is negative, as evanphx/json-patch has it (RFC 6901 knows none). */
function positionOf(token: string, length: number): number | undefined {
  if (!/^[+-]?\d+$/.test(token)) return undefined;
  const index = Number(token);
  if (index >= length || index < -length) return undefined;
  return index < 0 ? index + length : index;
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

/** A member that is not there is set: evanphx/json-patch asks only places of lists whether they are (RFC 6902 all). */
function replace(root: object, pointer: string, value: unknown): void {
  const { parent, token } = locate(root, pointer, "replace");
  if (pointer === "" && (typeof value !== "object" || value === null)) {
    throw refuse("Path", "replace operation value must be object or array");
  }
  if (Array.isArray(parent)) parent[indexOf(token, parent.length, "replace", pointer)] = value;
  else setOwn(parent, token, value);
}

function add(root: object, pointer: string, value: unknown, op: string): void {
  const { parent, token } = locate(root, pointer, op);
  if (!Array.isArray(parent)) setOwn(parent, token, value);
  else if (token === "-") parent.push(value);
  else parent.splice(indexOf(token, parent.length + 1, op, pointer), 0, value);
}

function remove(root: object, pointer: string, op: string): void {
  const { parent, token } = locate(root, pointer, op);
  if (child(parent, token) === undefined) throw missing(op, pointer);
  if (Array.isArray(parent)) parent.splice(positionOf(token, parent.length)!, 1);
  else delete parent[token];
}

function indexOf(token: string, length: number, op: string, pointer: string): number {
  const index = positionOf(token, length);
  if (index !== undefined) return index;
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
