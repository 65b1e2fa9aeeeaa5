import { getOwn, isJsonObject, jsonEquals } from "../../../formats/index.ts";
import type { FieldSet } from "./field-set.ts";
import { itemElements } from "./list-items.ts";
import type { ManagedKind } from "./managed-kind.ts";
import { kindAt, type MergeList, type MergeMap, type MergeSchema, placeOf } from "./merge-schema.ts";
import { TypedError } from "./typed-errors.ts";

/** Longer shapes are worked out each time. */
const MAX_SHAPE_CHARACTERS = 8 * 1024;
/** Of all kinds together; the sets that stand for them are some times as large. */
const MAX_HELD_CHARACTERS = 512 * 1024;

let known = new WeakMap<ManagedKind, Map<string, FieldSet>>();
let heldCharacters = 0;

/**
 * What whoever creates an object owns of it. That depends on its shape alone, and most objects of a kind have one of a few
 * shapes: for each of them `work` is done once.
 */
export function createdFields(kind: ManagedKind, object: unknown, work: () => FieldSet): FieldSet {
  const shape = shapeOf(kind, object);
  return shape === undefined ? work() : (known.get(kind)?.get(shape) ?? keep(kind, shape, work()));
}

function keep(kind: ManagedKind, shape: string, set: FieldSet): FieldSet {
  heldCharacters += shape.length;
  if (heldCharacters > MAX_HELD_CHARACTERS) {
    known = new WeakMap();
    heldCharacters = shape.length;
  }
  const ofKind = known.get(kind) ?? new Map<string, FieldSet>();
  known.set(kind, ofKind.set(shape, set));
  return set;
}

/**
 * All that decides which paths an object has that `kind.empty` has not: keys, names of items, sorts of values, and whether a value
 * is what it is in the empty object. Undefined for what is too long, and for lists with items without a name.
 */
function shapeOf({ schema, empty }: ManagedKind, object: unknown): string | undefined {
  try {
    const shape = describe(object, empty, schema);
    return shape.length <= MAX_SHAPE_CHARACTERS ? shape : undefined;
  } catch (error) {
    if (error instanceof TypedError) return undefined;
    throw error;
  }
}

function describe(value: unknown, empty: unknown, schema: MergeSchema): string {
  const kind = kindAt(schema, value);
  if (kind === "map" && !schema.map!.isAtomic && isJsonObject(value)) {
    const members = describeMembers(value, empty, schema.map!);
    if (members !== "") return `{${members}}`;
  }
  if (kind === "list" && !schema.list!.isAtomic && Array.isArray(value) && value.length > 0) {
    const isAllNew = !Array.isArray(empty) || empty.length === 0;
    return isAllNew ? `[${describeItems(value, schema.list!)}]` : named(JSON.stringify(value));
  }
  return sortOf(value) + (empty === undefined ? "" : jsonEquals(empty, value) ? "=" : "!");
}

function describeMembers(value: Record<string, unknown>, empty: unknown, map: MergeMap): string {
  const before = isJsonObject(empty) ? empty : {};
  let text = "";
  for (const key of Object.keys(value))
    text += named(key) + describe(value[key], getOwn(before, key), placeOf(map, key));
  return text;
}

function describeItems(items: readonly unknown[], list: MergeList): string {
  const names = itemElements(list, items);
  let text = "";
  for (let at = 0; at < items.length; at++)
    text += named(names[at]!) + describe(items[at], undefined, list.element);
  return text;
}

/** With its length before it: whatever stands in it ends nothing. */
const named = (text: string) => `${text.length}:${text}`;

function sortOf(value: unknown): string {
  if (value === undefined) return "u";
  if (value === null) return "0";
  if (typeof value !== "object") return "s";
  return Array.isArray(value) ? "l" : "m";
}
