import { isJsonObject, type JsonObject, setOwn } from "../../../formats/index.ts";
import type { FieldSet } from "./field-set.ts";
import { nameOfItem } from "./list-items.ts";
import { kindAt, type MergeList, type MergeMap, type MergeSchema, placeOf } from "./merge-schema.ts";
import { fieldElement, type PathElement } from "./path-element.ts";

/**
 * The value without the keys and items that are members of the set. What loses all its parts that way becomes null.
 * Where nothing is removed the answer is the very value that was given.
 */
export function removeItems(value: unknown, items: FieldSet, schema: MergeSchema): unknown {
  switch (kindAt(schema, value)) {
    case "map":
      return schema.map!.isAtomic || !isJsonObject(value) ? null : removeKeys(value, items, schema.map!);
    case "list":
      return schema.list!.isAtomic || !Array.isArray(value)
        ? null
        : removeMembers(value, items, schema.list!);
    default:
      return value;
  }
}

const GONE = Symbol("gone");

/** What becomes of the part of a value that an element names. */
function remaining(part: unknown, items: FieldSet, element: PathElement, schema: MergeSchema): unknown {
  const node = items.child(element);
  if (node === undefined) return part;
  return node.isMember ? GONE : removeItems(part, node, schema);
}

function removeKeys(object: JsonObject, items: FieldSet, map: MergeMap): unknown {
  const out: Record<string, unknown> = {};
  let [hasChanged, isEmpty] = [false, true];
  for (const key of Object.keys(object)) {
    const kept = remaining(object[key], items, fieldElement(key), placeOf(map, key));
    if (kept !== object[key]) hasChanged = true;
    if (kept === GONE) continue;
    setOwn(out, key, kept);
    isEmpty = false;
  }
  if (isEmpty) return null;
  return hasChanged ? out : object;
}

function removeMembers(list: readonly unknown[], items: FieldSet, type: MergeList): unknown {
  const out: unknown[] = [];
  let hasChanged = false;
  for (const item of list) {
    const kept = remaining(item, items, nameOfItem(type, item), type.element);
    if (kept !== item) hasChanged = true;
    if (kept !== GONE) out.push(kept);
  }
  if (out.length === 0) return null;
  return hasChanged ? out : list;
}
