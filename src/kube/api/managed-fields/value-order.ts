import { compareUtf8, isJsonNumber } from "../../../formats/index.ts";

const RANKS = ["number", "string", "boolean", "list", "map", "null"];

/** A total order of JSON values, whatever their types are (structured-merge-diff value.Compare). */
export function compareValues(a: unknown, b: unknown): number {
  const [left, right] = [kindOf(a), kindOf(b)];
  if (left !== right) return RANKS.indexOf(left) - RANKS.indexOf(right);
  switch (left) {
    case "string":
      return compareUtf8(a as string, b as string);
    case "list":
      return compareLists(a as unknown[], b as unknown[]);
    case "map":
      return compareMaps(a as Record<string, unknown>, b as Record<string, unknown>);
    case "number":
      return (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0;
    default:
      return Number(a) - Number(b);
  }
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "list";
  if (isJsonNumber(value)) return "number";
  return typeof value === "object" ? "map" : typeof value;
}

function compareLists(a: readonly unknown[], b: readonly unknown[]): number {
  for (let at = 0; at < Math.min(a.length, b.length); at++) {
    const order = compareValues(a[at], b[at]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** By the keys of both in their order; what lacks a key comes later, what has come to its end first. */
function compareMaps(a: Record<string, unknown>, b: Record<string, unknown>): number {
  const [left, right] = [Object.keys(a).length, Object.keys(b).length];
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort(compareUtf8);
  for (const [at, key] of keys.entries()) {
    if (at === left) return -1;
    if (at === right || !Object.hasOwn(a, key)) return 1;
    if (!Object.hasOwn(b, key)) return -1;
    const order = compareValues(a[key], b[key]);
    if (order !== 0) return order;
  }
  return 0;
}
