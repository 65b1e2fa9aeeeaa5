import { getOwn, isJsonObject, type JsonObject, jsonEquals } from "../../../formats/index.ts";
import { EMPTY_SET, type FieldSet, LEAF, sortedNode, union } from "./field-set.ts";
import { itemElements, itemsByName } from "./list-items.ts";
import {
  type Kind,
  kindAt,
  type MergeList,
  type MergeMap,
  type MergeSchema,
  placeOf,
} from "./merge-schema.ts";
import { fieldElement, type PathElement } from "./path-element.ts";

/** How one object becomes another. No path is in more than one of the sets; all are empty where nothing changes. */
export interface Comparison {
  added: FieldSet;
  modified: FieldSet;
  removed: FieldSet;
}

const SAME: Comparison = { added: EMPTY_SET, modified: EMPTY_SET, removed: EMPTY_SET };
const MODIFIED: Comparison = { ...SAME, modified: LEAF };

/**
 * What is different between two values of one schema. Parts that both share (the very same object) are passed over.
 * Throws a TypedError for items of lists without a name.
 */
export function compareTyped(left: unknown, right: unknown, schema: MergeSchema): Comparison {
  if (left === right) return SAME;
  if (left === undefined) return { ...SAME, added: wholeOf(right, schema) };
  if (right === undefined) return { ...SAME, removed: wholeOf(left, schema) };
  const [was, is] = [kindAt(schema, left), kindAt(schema, right)];
  const comparison = compareAs(is, left, right, schema);
  // A place that takes several types: what was there before is looked at as what it was.
  return was === is ? comparison : both(compareAs(was, left, right, schema), comparison);
}

/** All of a value that is only on one side: every part of it, structs as well as what is in them. */
export function wholeOf(value: unknown, schema: MergeSchema): FieldSet {
  const children: [PathElement, FieldSet][] = [];
  switch (kindAt(schema, value)) {
    case "map":
      if (schema.map!.isAtomic || !isJsonObject(value)) return LEAF;
      for (const key of Object.keys(value))
        children.push([fieldElement(key), wholeOf(value[key], placeOf(schema.map!, key))]);
      break;
    case "list":
      if (schema.list!.isAtomic || !Array.isArray(value)) return LEAF;
      for (const [element, items] of namedItems(schema.list!, value))
        children.push([element, items.length > 1 ? LEAF : wholeOf(items[0], schema.list!.element)]);
      break;
    default:
  }
  return sortedNode(true, children);
}

function both(a: Comparison, b: Comparison): Comparison {
  return {
    added: union(a.added, b.added),
    modified: union(a.modified, b.modified),
    removed: union(a.removed, b.removed),
  };
}

function compareAs(kind: Kind | undefined, left: unknown, right: unknown, schema: MergeSchema): Comparison {
  if (kind === "map") return compareMaps(left, right, schema.map!);
  if (kind === "list") return compareLists(left, right, schema.list!);
  return compareLeaves(left, right);
}

function compareLeaves(left: unknown, right: unknown): Comparison {
  return jsonEquals(left, right) ? SAME : MODIFIED;
}

/** Collects what differs below a place. */
class Differences {
  private readonly added: [PathElement, FieldSet][] = [];
  private readonly modified: [PathElement, FieldSet][] = [];
  private readonly removed: [PathElement, FieldSet][] = [];

  at(element: PathElement, { added, modified, removed }: Comparison): void {
    if (!added.isEmpty) this.added.push([element, added]);
    if (!modified.isEmpty) this.modified.push([element, modified]);
    if (!removed.isEmpty) this.removed.push([element, removed]);
  }

  comparison(): Comparison {
    const { added, modified, removed } = this;
    if (added.length === 0 && modified.length === 0 && removed.length === 0) return SAME;
    return {
      added: sortedNode(false, added),
      modified: sortedNode(false, modified),
      removed: sortedNode(false, removed),
    };
  }
}

const EMPTY_MAP: JsonObject = {};

function compareMaps(left: unknown, right: unknown, map: MergeMap): Comparison {
  const before = isJsonObject(left) ? left : EMPTY_MAP;
  const after = isJsonObject(right) ? right : EMPTY_MAP;
  const [oldKeys, newKeys] = [Object.keys(before), Object.keys(after)];
  // Empty and null are told apart.
  if (map.isAtomic || (oldKeys.length === 0 && newKeys.length === 0)) return compareLeaves(left, right);
  const differences = new Differences();
  for (const key of oldKeys) {
    const compared = compareTyped(before[key], getOwn(after, key), placeOf(map, key));
    if (compared !== SAME) differences.at(fieldElement(key), compared);
  }
  for (const key of newKeys) {
    if (Object.hasOwn(before, key)) continue;
    differences.at(fieldElement(key), { ...SAME, added: wholeOf(after[key], placeOf(map, key)) });
  }
  return differences.comparison();
}

function compareLists(left: unknown, right: unknown, list: MergeList): Comparison {
  const before = Array.isArray(left) ? left : [];
  const after = Array.isArray(right) ? right : [];
  if (list.isAtomic || (before.length === 0 && after.length === 0)) return compareLeaves(left, right);
  const [old, next] = [namedItems(list, before), namedItems(list, after)];
  const differences = new Differences();
  for (const [element, items] of old)
    differences.at(element, compareItems(items, next.get(element) ?? [], list.element));
  for (const [element, items] of next) {
    if (!old.has(element)) differences.at(element, compareItems([], items, list.element));
  }
  return differences.comparison();
}

const namedItems = (list: MergeList, items: readonly unknown[]) =>
  itemsByName(items, itemElements(list, items));

/** What stands more than once under one name is one value, of which only the name is owned. */
function compareItems(old: readonly unknown[], next: readonly unknown[], schema: MergeSchema): Comparison {
  if (old.length <= 1 && next.length <= 1) return compareTyped(old[0], next[0], schema);
  if (old.length > 1 && next.length > 1) return jsonEquals(old, next) ? SAME : MODIFIED;
  if (old.length > 1) return { ...compareTyped(undefined, next[0], schema), removed: LEAF };
  return { ...compareTyped(old[0], undefined, schema), added: LEAF };
}
