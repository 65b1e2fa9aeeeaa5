import { isEmptyObject, isJsonObject } from "../../../formats/index.ts";
import { asMember, EMPTY_SET, type FieldSet, LEAF, sortedNode } from "./field-set.ts";
import { itemsByName, nameOfItem } from "./list-items.ts";
import { kindAt, type MergeList, type MergeMap, type MergeSchema, placeOf } from "./merge-schema.ts";
import { fieldElement, type PathElement } from "./path-element.ts";

/**
 * What an applied configuration says something about (ToFieldSet): scalars and whatever counts as one, keys of maps that
 * are no declared fields, items of lists. Declared structs are no members, what is in them is.
 */
export function fieldSetOf(value: unknown, schema: MergeSchema): FieldSet {
  switch (kindAt(schema, value)) {
    case "scalar":
      return LEAF;
    case "list":
      return setOfList(value, schema.list!);
    case "map":
      return setOfMap(value, schema.map!);
    default:
      return EMPTY_SET;
  }
}

function setOfList(value: unknown, list: MergeList): FieldSet {
  if (list.isAtomic) return LEAF;
  if (!Array.isArray(value)) return EMPTY_SET;
  const children: [PathElement, FieldSet][] = [];
  const names = value.map((item) => nameOfItem(list, item));
  for (const [element, items] of itemsByName(value, names)) {
    // What stands more than once is known by its name only.
    const node = items.length > 1 ? LEAF : asMember(fieldSetOf(items[0], list.element));
    children.push([element, node]);
  }
  return sortedNode(false, children);
}

function setOfMap(value: unknown, map: MergeMap): FieldSet {
  if (map.isAtomic) return LEAF;
  if (!isJsonObject(value)) return EMPTY_SET;
  const children: [PathElement, FieldSet][] = [];
  for (const key of Object.keys(value)) {
    const child = value[key];
    const node = fieldSetOf(child, placeOf(map, key));
    if (isOwnMember(child) || map.field(key) === undefined)
      children.push([fieldElement(key), asMember(node)]);
    else if (!node.isEmpty) children.push([fieldElement(key), node]);
  }
  return sortedNode(false, children);
}

function isOwnMember(value: unknown): boolean {
  return value === null || (isJsonObject(value) && isEmptyObject(value));
}
