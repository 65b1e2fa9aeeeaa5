import { addQuantities, compareQuantities, subtractQuantities } from "./quantity.ts";

/** Name of a resource -> quantity: `{ cpu: "500m" }`. */
export type ResourceList = Record<string, string>;

/** What both lists have together (quota.Add). */
export function addResourceLists(a: ResourceList, b: ResourceList): ResourceList {
  return merged(a, b, addQuantities);
}

/** Of each resource the larger amount (quota.Max). */
export function maxResourceLists(a: ResourceList, b: ResourceList): ResourceList {
  return merged(a, b, (first, second) => (compareQuantities(second, first) > 0 ? second : first));
}

function merged(
  a: ResourceList,
  b: ResourceList,
  combine: (first: string, second: string) => string,
): ResourceList {
  const result = { ...a };
  for (const [name, second] of Object.entries(b)) {
    const first = a[name];
    result[name] = first === undefined ? second : combine(first, second);
  }
  return result;
}

/** What `a` has beyond `b`, of no resource less than nothing; what only `b` has is zero (quota.SubtractWithNonNegativeResult). */
export function excessOf(a: ResourceList, b: ResourceList): ResourceList {
  const result: ResourceList = {};
  for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const difference = subtractQuantities(a[name] ?? "0", b[name] ?? "0");
    result[name] = compareQuantities(difference, "0") > 0 ? difference : "0";
  }
  return result;
}

/** Only these resources of the list. */
export function resourcesNamed(list: ResourceList, names: Iterable<string>): ResourceList {
  const wanted = new Set(names);
  return Object.fromEntries(Object.entries(list).filter(([name]) => wanted.has(name)));
}

export function equalResourceLists(a: ResourceList, b: ResourceList): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => b[name] !== undefined && compareQuantities(a[name]!, b[name]) === 0)
  );
}
