import { isJsonObject } from "../../../formats/index.ts";
import type { StructuralSchema } from "./structural-schema.ts";

/** The items of a list of type `map`, by their keys (apiserver cel/common MapList). */
export interface MapList {
  /** The item with the same keys; undefined where there is none, or the item has no keys. */
  get(item: unknown): unknown;
}

const EMPTY: MapList = { get: () => undefined };

export function mapListOf(schema: StructuralSchema, items: readonly unknown[]): MapList {
  const { type, listType, listMapKeys } = schema;
  if (type !== "array" || listType !== "map" || listMapKeys.length === 0 || items.length === 0) return EMPTY;
  const byKey = new Map<string, unknown>();
  for (const item of items) {
    const key = keyOf(item, listMapKeys);
    if (key !== undefined && !byKey.has(key)) byKey.set(key, item);
  }
  return {
    get: (item) => {
      const key = keyOf(item, listMapKeys);
      return key === undefined ? undefined : byKey.get(key);
    },
  };
}

/** All keys must be there, and scalars. */
function keyOf(item: unknown, keys: readonly string[]): string | undefined {
  if (!isJsonObject(item)) return undefined;
  const values: unknown[] = [];
  for (const key of keys) {
    const value = Object.hasOwn(item, key) ? item[key] : null;
    if (value === null || typeof value === "object") return undefined;
    values.push(value);
  }
  return JSON.stringify(values);
}
