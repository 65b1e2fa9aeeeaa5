import { cloneJson, getOwn, isJsonObject, jsonEquals, setOwn } from "../../formats/index.ts";
import { findModel, type Model, type ModelField } from "./models.ts";
import { statusBadRequest } from "./status-error.ts";

type JsonObject = Record<string, unknown>;

const PATCH = "$patch";
const RETAIN_KEYS = "$retainKeys";
const DELETE_PREFIX = "$deleteFromPrimitiveList/";
const ORDER_PREFIX = "$setElementOrder/";

/**
 * Applies a strategic merge patch (apimachinery util/strategicpatch): as a JSON merge patch, but lists that the model
 * names a merge key for are merged item by item, and `$patch`, `$retainKeys`, `$deleteFromPrimitiveList/x` and
 * `$setElementOrder/x` direct it. Neither argument is changed. Throws StatusError BadRequest.
 */
export function strategicMergePatch<T = unknown>(current: T, patch: unknown, model: Model | undefined): T {
  if (!isJsonObject(patch)) throw statusBadRequest("the patch is not a JSON object");
  return mergeObject(isJsonObject(current) ? current : {}, patch, model) as T;
}

function mergeObject(original: JsonObject, patch: JsonObject, model: Model | undefined): JsonObject {
  const directive = patch[PATCH];
  if (directive === "replace") return withoutDirectives(patch) as JsonObject;
  if (directive === "delete") return {};
  if (directive !== undefined && directive !== "merge") {
    throw statusBadRequest(`unknown patch type: ${String(directive)}`);
  }
  const out = retained(original, patch[RETAIN_KEYS]);
  for (const key of Object.keys(patch)) {
    if (!key.startsWith("$")) mergeField(out, key, patch, model);
  }
  applyListDirectives(out, original, patch, model);
  return out;
}

/** A shallow copy, without the keys that `$retainKeys` does not name. */
function retained(original: JsonObject, keys: unknown): JsonObject {
  const out: JsonObject = {};
  for (const key of Object.keys(original)) {
    if (!Array.isArray(keys) || keys.includes(key)) setOwn(out, key, original[key]);
  }
  return out;
}

function mergeField(out: JsonObject, key: string, patch: JsonObject, model: Model | undefined): void {
  const value = patch[key];
  if (value === null) {
    delete out[key];
    return;
  }
  const field = model?.fields.get(key);
  const before = getOwn(out, key);
  if (isJsonObject(value)) {
    setOwn(out, key, mergeObject(isJsonObject(before) ? before : {}, value, modelBelow(field)));
  } else if (Array.isArray(value) && field?.isList && field.patchMergeKey !== undefined) {
    setOwn(out, key, mergeList(Array.isArray(before) ? before : [], value, field));
  } else setOwn(out, key, cloneJson(value));
}

/** The values of a map of strings have no model, and neither has free JSON: both merge as plain JSON. */
function modelBelow(field: ModelField | undefined): Model | undefined {
  return field === undefined || field.isMap || field.code !== "m" ? undefined : findModel(field.definition);
}

function mergeList(original: unknown[], patch: unknown[], field: ModelField): unknown[] {
  const mergeKey = field.patchMergeKey!;
  if (mergeKey === "") {
    const merged = unique([...original, ...patch]);
    return inPatchOrder(merged, patch, original, sameScalar);
  }
  if (patch.some((item) => isJsonObject(item) && item[PATCH] === "replace")) {
    return patch.filter((item) => !(isJsonObject(item) && PATCH in item)).map(withoutDirectives);
  }
  const merged = mergeItems(original, patch, field, mergeKey);
  const remaining = patch.filter((item) => !(isJsonObject(item) && item[PATCH] === "delete"));
  return inPatchOrder(merged, remaining, original, sameKey(mergeKey));
}

function mergeItems(original: unknown[], patch: unknown[], field: ModelField, mergeKey: string): unknown[] {
  let out = [...original];
  const same = sameKey(mergeKey);
  const model = field.code === "m" ? findModel(field.definition) : undefined;
  for (const item of patch) {
    if (!isJsonObject(item))
      throw statusBadRequest("unable to find api field in struct: list item is not an object");
    if (item[mergeKey] === undefined) {
      throw statusBadRequest(`map: ${goMap(item)} does not contain declared merge key: ${mergeKey}`);
    }
    if (item[PATCH] === "delete") {
      out = out.filter((one) => !same(one, item));
      continue;
    }
    const at = out.findIndex((one) => same(one, item));
    const before = at < 0 ? undefined : out[at];
    const merged = mergeObject(isJsonObject(before) ? before : {}, item, model);
    if (at < 0) out.push(merged);
    else out[at] = merged;
  }
  return out;
}

/** Go prints maps as `map[a:1 b:2]`. */
function goMap(item: JsonObject): string {
  const pairs = Object.keys(item)
    .sort()
    .map((key) => `${key}:${isJsonObject(item[key]) ? goMap(item[key]) : String(item[key])}`);
  return `map[${pairs.join(" ")}]`;
}

type Same = (a: unknown, b: unknown) => boolean;
const sameScalar: Same = (a, b) => jsonEquals(a, b);
const sameKey =
  (key: string): Same =>
  (a, b) =>
    isJsonObject(a) && isJsonObject(b) && a[key] !== undefined && String(a[key]) === String(b[key]);

function unique(list: readonly unknown[]): unknown[] {
  return list.filter((item, index) => list.findIndex((one) => jsonEquals(one, item)) === index);
}

/**
 * Orders a merged list: items that the patch names in its order, the others where they stood before relative to those
 * (strategicpatch normalizeElementOrder).
 */
function inPatchOrder(
  merged: unknown[],
  order: readonly unknown[],
  before: readonly unknown[],
  same: Same,
): unknown[] {
  const place = (list: readonly unknown[], item: unknown) => list.findIndex((one) => same(one, item));
  const named = merged.filter((item) => place(order, item) >= 0);
  const others = merged.filter((item) => place(order, item) < 0);
  named.sort((a, b) => place(order, a) - place(order, b));
  others.sort((a, b) => place(before, a) - place(before, b));
  const out: unknown[] = [];
  let next = 0;
  for (const item of named) {
    while (next < others.length && isBefore(place(before, others[next]), place(before, item)))
      out.push(others[next++]);
    out.push(item);
  }
  return [...out, ...others.slice(next)];
}

function isBefore(left: number, right: number): boolean {
  return left >= 0 && right >= 0 && left < right;
}

/** `$deleteFromPrimitiveList/x` and `$setElementOrder/x` of one object. */
function applyListDirectives(
  out: JsonObject,
  original: JsonObject,
  patch: JsonObject,
  model: Model | undefined,
): void {
  for (const key of Object.keys(patch)) {
    if (!key.startsWith(DELETE_PREFIX)) continue;
    const name = key.slice(DELETE_PREFIX.length);
    const list = getOwn(out, name);
    const gone = patch[key];
    if (!Array.isArray(list) || !Array.isArray(gone)) continue;
    setOwn(
      out,
      name,
      list.filter((item) => !gone.some((one) => jsonEquals(one, item))),
    );
  }
  for (const key of Object.keys(patch)) {
    if (!key.startsWith(ORDER_PREFIX)) continue;
    const name = key.slice(ORDER_PREFIX.length);
    const list = getOwn(out, name);
    const order = patch[key];
    if (!Array.isArray(list) || !Array.isArray(order)) continue;
    const before = getOwn(original, name);
    const mergeKey = model?.fields.get(name)?.patchMergeKey ?? "";
    const same = mergeKey === "" ? sameScalar : sameKey(mergeKey);
    setOwn(out, name, inPatchOrder(list, order, Array.isArray(before) ? before : [], same));
  }
}

function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives);
  if (!isJsonObject(value)) return value;
  const out: JsonObject = {};
  for (const key of Object.keys(value)) {
    const isDirective =
      key === PATCH || key === RETAIN_KEYS || key.startsWith(DELETE_PREFIX) || key.startsWith(ORDER_PREFIX);
    if (!isDirective && value[key] !== null) setOwn(out, key, withoutDirectives(value[key]));
  }
  return out;
}
