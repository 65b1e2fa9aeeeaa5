import { getOwn, isJsonObject } from "../../../formats/index.ts";
import type { MergeList } from "./merge-schema.ts";
import { type ElementValue, keyElement, type PathElement, valueElement } from "./path-element.ts";
import { TypedError } from "./typed-errors.ts";

/** What names an item of a list that is not atomic. Throws an Error with upstream's words for what has no name. */
export function itemElement(list: MergeList, item: unknown): PathElement {
  return list.keys.length > 0 ? keyedElement(list, item) : memberElement(item);
}

function keyedElement(list: MergeList, item: unknown): PathElement {
  if (item === null) throw new Error("associative list with keys may not have a null element");
  if (!isJsonObject(item)) throw new Error("associative list with keys may not have non-map elements");
  const fields: [string, ElementValue][] = list.keys.map(({ name, default: preset }) => {
    const value = getOwn(item, name) ?? (Object.hasOwn(item, name) ? null : preset);
    if (value !== undefined) return [name, value];
    const why = `associative list with keys has an element that omits key field ${JSON.stringify(name)} (and doesn't have default value)`;
    throw new Error(why);
  });
  return keyElement(fields);
}

function memberElement(item: unknown): PathElement {
  if (isJsonObject(item)) throw new Error("associative list without keys has an element that's a map type");
  if (Array.isArray(item)) throw new Error("not supported: associative list with lists as elements");
  if (item === null) throw new Error("associative list without keys has an element that's an explicit null");
  return valueElement(item);
}

/** The names of all items, in their order. Throws a TypedError that tells of every item without one. */
export function itemElements(list: MergeList, items: readonly unknown[]): PathElement[] {
  const problems: { path: string; message: string }[] = [];
  const elements = items.map((item, index) => {
    try {
      return itemElement(list, item);
    } catch (error) {
      problems.push({ path: "", message: `element ${index}: ${(error as Error).message}` });
      return "";
    }
  });
  if (problems.length > 0) throw new TypedError(problems);
  return elements;
}

/** Stands for the name of items without one: they lost their key, or are null, while an object was pruned. */
const NAMELESS: PathElement = "";

/** The name of an item whose list was validated before. */
export function nameOfItem(list: MergeList, item: unknown): PathElement {
  try {
    return itemElement(list, item);
  } catch {
    return NAMELESS;
  }
}

/** Items by their names; a name that stands more than once has several. */
export function itemsByName(
  items: readonly unknown[],
  names: readonly PathElement[],
): Map<PathElement, unknown[]> {
  const byName = new Map<PathElement, unknown[]>();
  for (const [at, name] of names.entries()) {
    const known = byName.get(name);
    if (known === undefined) byName.set(name, [items[at]]);
    else known.push(items[at]);
  }
  return byName;
}
