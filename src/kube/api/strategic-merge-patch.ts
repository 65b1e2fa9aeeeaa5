import { cloneJson, getOwn, isJsonObject, setOwn } from "../../formats/index.ts";
import { goPrinted, goType } from "./go-print.ts";
import { findModel, type Model, type ModelField } from "./models.ts";
import { statusBadRequest, statusRejected, statusUnclassified } from "./status-error.ts";

type JsonObject = Record<string, unknown>;

const PATCH = "$patch";
const RETAIN_KEYS = "$retainKeys";
const DELETE_PREFIX = "$deleteFromPrimitiveList/";
const ORDER_PREFIX = "$setElementOrder/";

/**
 * Applies a strategic merge patch (apimachinery util/strategicpatch): as a JSON merge patch, but lists that the model
 * names a merge key for are merged item by item, and `$patch`, `$retainKeys`, `$deleteFromPrimitiveList/x` and
 * `$setElementOrder/x` direct it. Neither argument is changed. Throws StatusError: BadRequest where upstream classes what
 * is wrong with the patch, or else 500.
 */
export function strategicMergePatch<T = unknown>(current: T, patch: unknown, model: Model | undefined): T {
  if (!isJsonObject(patch)) throw statusBadRequest("the patch is not a JSON object");
  return mergeObject(isJsonObject(current) ? current : {}, patch, model) as T;
}

function mergeObject(original: JsonObject, patch: JsonObject, model: Model | undefined): JsonObject {
  if (Object.hasOwn(patch, PATCH)) return directed(patch);
  const out = retained(original, patch);
  const ordered = mergeOrderedLists(out, patch, model);
  for (const key of Object.keys(patch)) {
    if (key === RETAIN_KEYS || key.startsWith(ORDER_PREFIX) || ordered.has(key)) continue;
    const isDeletion = key.startsWith(DELETE_PREFIX);
    const name = isDeletion ? key.slice(DELETE_PREFIX.length) : key;
    mergeField(out, name, patch[key], model?.fields.get(name), isDeletion);
  }
  return out;
}

function directed(patch: JsonObject): JsonObject {
  const { [PATCH]: directive, ...rest } = patch;
  if (directive === "replace") return cloneJson(rest);
  if (directive === "delete") return {};
  throw badPatchType(directive, patch);
}

function badPatchType(directive: unknown, patch: JsonObject): Error {
  const shown =
    typeof directive === "string" ? directive : `%!s(${goType(directive)}=${goPrinted(directive)})`;
  return statusUnclassified(`unknown patch type: ${shown} in map: ${goPrinted(patch)}`);
}

/** A shallow copy, without the keys that `$retainKeys` does not name; whatever the patch sets must be among them. */
function retained(original: JsonObject, patch: JsonObject): JsonObject {
  const keys = patch[RETAIN_KEYS];
  const out: JsonObject = {};
  if (!Object.hasOwn(patch, RETAIN_KEYS)) {
    for (const key of Object.keys(original)) setOwn(out, key, original[key]);
    return out;
  }
  const isSet = (key: string) =>
    patch[key] !== null &&
    key !== RETAIN_KEYS &&
    !key.startsWith(DELETE_PREFIX) &&
    !key.startsWith(ORDER_PREFIX);
  const retain = new Set<unknown>(Array.isArray(keys) ? keys : []);
  if (!Array.isArray(keys) || Object.keys(patch).some((key) => isSet(key) && !retain.has(key))) {
    throw statusBadRequest("invalid patch format of retainKeys");
  }
  for (const key of Object.keys(original)) if (retain.has(key)) setOwn(out, key, original[key]);
  return out;
}

function mergeField(
  out: JsonObject,
  key: string,
  value: unknown,
  field: ModelField | undefined,
  isDeletion: boolean,
): void {
  if (value === null) {
    delete out[key];
    return;
  }
  const before = getOwn(out, key);
  if (before === undefined || goType(before) !== goType(value)) {
    if (!isDeletion) setOrDrop(out, key, withoutDirectives(withoutNulls(value)));
  } else if (isJsonObject(value)) {
    if (field?.isReplaced) setOwn(out, key, cloneJson(value));
    else setOwn(out, key, mergeObject(before as JsonObject, value, modelBelow(field)));
  } else if (Array.isArray(value)) {
    setOwn(out, key, mergeList(before as unknown[], value, field, isDeletion));
  } else setOwn(out, key, value);
}

function setOrDrop(out: JsonObject, key: string, value: unknown): void {
  if (value === undefined) delete out[key];
  else setOwn(out, key, value);
}

/** The values of a map of strings have no model, and neither has free JSON: both merge as plain JSON. */
function modelBelow(field: ModelField | undefined): Model | undefined {
  return field === undefined || field.isMap || field.code !== "m" ? undefined : findModel(field.definition);
}

function mergeList(
  original: unknown[],
  patch: unknown[],
  field: ModelField | undefined,
  isDeletion: boolean,
): unknown[] {
  const mergeKey = field?.isList ? field.patchMergeKey : undefined;
  if (mergeKey === undefined && !isDeletion) return cloneJson(patch);
  if (original.length === 0 && patch.length === 0) return original;
  if (elementType([...original, ...patch], [original, patch]) !== MAP) {
    if (isDeletion) {
      const gone = new Set(patch.map(scalarIdentity));
      return original.filter((item) => !gone.has(scalarIdentity(item)));
    }
    return inPatchOrder(unique([...original, ...patch]), patch, original, scalarIdentity);
  }
  if (!mergeKey) throw statusUnclassified("cannot merge lists without merge key");
  const { kept, items } = bySpecialItems(original as JsonObject[], patch as JsonObject[], mergeKey);
  const merged = mergeItems(kept, items, field!, mergeKey);
  for (const item of merged) requireKey(item, mergeKey);
  return inPatchOrder(merged, items, kept, keyIdentity(mergeKey));
}

const MAP = goType({});

function elementType(items: readonly unknown[], lists: readonly unknown[]): string {
  const [first, ...others] = items.map(goType);
  if (first === goType([])) throw statusRejected();
  if (first !== undefined && others.every((type) => type === first)) return first;
  throw statusUnclassified(`list element types are not identical: ${goPrinted(lists)}`);
}

/** Items that direct instead of being merged: `$patch: delete` takes its namesakes, `$patch: replace` all that were there. */
function bySpecialItems(original: readonly JsonObject[], patch: readonly JsonObject[], mergeKey: string) {
  const gone = new Set<string>();
  let replaces = false;
  const items: JsonObject[] = [];
  const identityOf = keyIdentity(mergeKey);
  for (const item of patch) {
    const directive = item[PATCH];
    if (!Object.hasOwn(item, PATCH)) items.push(item);
    else if (directive === "delete") {
      requireKey(item, mergeKey);
      const identity = identityOf(item);
      if (identity !== undefined) gone.add(identity);
    } else if (directive === "replace") replaces = true;
    else if (directive === "merge") {
      throw statusUnclassified("merging lists cannot yet be specified in the patch");
    } else throw badPatchType(directive, item);
  }
  if (replaces) return { kept: items, items: [] };
  return { kept: original.filter((one) => !gone.has(identityOf(one) ?? "")), items };
}

function mergeItems(
  original: readonly JsonObject[],
  patch: readonly JsonObject[],
  field: ModelField,
  mergeKey: string,
): JsonObject[] {
  const out = [...original];
  const identityOf = keyIdentity(mergeKey);
  const places = placesIn(out, identityOf);
  const model = field.code === "m" ? findModel(field.definition) : undefined;
  for (const item of patch) {
    requireKey(item, mergeKey);
    const identity = identityOf(item);
    const at = identity === undefined ? undefined : places.get(identity);
    if (at === undefined) {
      if (identity !== undefined) places.set(identity, out.length);
      out.push(cloneJson(item));
    } else out[at] = mergeObject(out[at]!, item, model);
  }
  return out;
}

function requireKey(item: unknown, mergeKey: string): void {
  if (!isJsonObject(item)) {
    throw statusUnclassified(`expected a ${MAP}, but received a ${goType(item)}`);
  }
  if (!Object.hasOwn(item, mergeKey)) {
    throw statusUnclassified(`map: ${goPrinted(item)} does not contain declared merge key: ${mergeKey}`);
  }
}

/** Equal texts for what is the same item of a list; undefined for what is the same as nothing. */
type Identity = (item: unknown) => string | undefined;

const scalarIdentity: Identity = (item) => JSON.stringify(item);
const keyIdentity =
  (key: string): Identity =>
  (item) =>
    isJsonObject(item) && item[key] !== undefined ? `=${String(item[key])}` : undefined;

/** Where each item stands first. A search for each would cost the square of a list's length. */
function placesIn(list: readonly unknown[], identityOf: Identity): Map<string, number> {
  const places = new Map<string, number>();
  for (const [index, item] of list.entries()) {
    const identity = identityOf(item);
    if (identity !== undefined && !places.has(identity)) places.set(identity, index);
  }
  return places;
}

function unique(list: readonly unknown[]): unknown[] {
  const seen = new Set<string | undefined>();
  return list.filter((item) => {
    const identity = scalarIdentity(item);
    if (seen.has(identity)) return false;
    seen.add(identity);
    return true;
  });
}

/**
 * Orders a merged list: items that the patch names in its order, the others where they stood before relative to those
 * (strategicpatch normalizeElementOrder).
 */
function inPatchOrder(
  merged: unknown[],
  order: readonly unknown[],
  before: readonly unknown[],
  identityOf: Identity,
): unknown[] {
  const inOrder = placesIn(order, identityOf);
  const inBefore = placesIn(before, identityOf);
  const place = (places: Map<string, number>, item: unknown) => places.get(identityOf(item) ?? "") ?? -1;
  const named = merged.filter((item) => place(inOrder, item) >= 0);
  const others = merged.filter((item) => place(inOrder, item) < 0);
  named.sort((a, b) => place(inOrder, a) - place(inOrder, b));
  others.sort((a, b) => place(inBefore, a) - place(inBefore, b));
  const out: unknown[] = [];
  let next = 0;
  for (const item of named) {
    while (next < others.length && isBefore(place(inBefore, others[next]), place(inBefore, item)))
      out.push(others[next++]);
    out.push(item);
  }
  return [...out, ...others.slice(next)];
}

function isBefore(left: number, right: number): boolean {
  return left >= 0 && right >= 0 && left < right;
}

/** Merges the lists that `$setElementOrder/x` orders, and puts them in that order; returns their names. */
function mergeOrderedLists(out: JsonObject, patch: JsonObject, model: Model | undefined): Set<string> {
  const done = new Set<string>();
  for (const key of Object.keys(patch)) {
    if (!key.startsWith(ORDER_PREFIX)) continue;
    const name = key.slice(ORDER_PREFIX.length);
    const order = requireList(patch[key]);
    const original = Object.hasOwn(out, name) ? requireList(out[name]) : undefined;
    const items = Object.hasOwn(patch, name) ? requireList(patch[name]) : undefined;
    const field = model?.fields.get(name);
    refuseOtherOrder(items ?? [], order, field?.patchMergeKey);
    if (items) done.add(name);
    if (!original && !items) continue;
    const merged = !items
      ? original!
      : original
        ? mergeList(original, items, field, false)
        : (withoutDirectives(items) as unknown[]);
    setOwn(out, name, inOrder(merged, order, original ?? [], field?.patchMergeKey));
  }
  return done;
}

function requireList(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  throw statusUnclassified(`expected a ${goType([])}, but received a ${goType(value)}`);
}

function inOrder(
  merged: unknown[],
  order: readonly unknown[],
  before: readonly unknown[],
  mergeKey: string | undefined,
): unknown[] {
  const isOfMaps = [...merged, ...order].some(isJsonObject);
  // Without a merge key upstream has no answer to maps: it drops the connection.
  if (isOfMaps && !mergeKey) throw statusBadRequest("cannot order a list without merge key");
  if (!mergeKey) return inPatchOrder(merged, order, before, scalarIdentity);
  for (const item of [...merged, ...order]) requireKey(item, mergeKey);
  return inPatchOrder(merged, order, before, keyIdentity(mergeKey));
}

/** What the patch has of the list must stand in the order that it demands (validatePatchWithSetOrderList). */
function refuseOtherOrder(
  items: readonly unknown[],
  order: readonly unknown[],
  mergeKey: string | undefined,
): void {
  if (items.length === 0 || order.length === 0) return;
  const left = items.filter((item) => !isJsonObject(item) || !Object.hasOwn(item, PATCH));
  const identityOf = mergeKey ? keyIdentity(mergeKey) : scalarIdentity;
  let next = 0;
  for (const one of order) {
    if (next === left.length) return;
    if (mergeKey) for (const item of [left[next], one]) requireKey(item, mergeKey);
    const identity = identityOf(one);
    if (identity !== undefined && identityOf(left[next]) === identity) next++;
  }
  if (next === left.length) return;
  throw statusUnclassified(
    `The order in patch list:\n${goPrinted(items)}\n doesn't match $setElementOrder list:\n${goPrinted(order)}\n`,
  );
}

/** A null inside of what is taken as it stands is no value. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isJsonObject(value)) return value;
  const out: JsonObject = {};
  for (const key of Object.keys(value)) {
    if (value[key] !== null) setOwn(out, key, withoutNulls(value[key]));
  }
  return out;
}

/** What carries `$patch` where nothing is to be patched is nothing: undefined. */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter((item) => item !== undefined);
  if (!isJsonObject(value)) return value;
  if (Object.hasOwn(value, PATCH)) return undefined;
  const out: JsonObject = {};
  for (const key of Object.keys(value)) setOrDrop(out, key, withoutDirectives(value[key]));
  return out;
}
