import {
  getOwn,
  isEmptyObject,
  isJsonObject,
  type JsonObject,
  jsonEquals,
  setOwn,
} from "../../../formats/index.ts";
import { mergeLists } from "./merge-lists.ts";
import { kindAt, type MergeMap, type MergeSchema, placeOf } from "./merge-schema.ts";

/**
 * Lays a configuration over an object: what the configuration gives is taken, nothing is ever left out. Where that
 * changes nothing the answer is the very object that was given, and so it is with every part. Absent is undefined.
 */
export function mergeTyped(object: unknown, config: unknown, schema: MergeSchema): unknown {
  if (config === undefined || object === config) return object;
  if (object === undefined) return config;
  switch (kindAt(schema, config)) {
    case "map":
      return mergeMaps(object, config, schema.map!);
    case "list": {
      const list = schema.list!;
      const [old, next] = [listOrNone(object), listOrNone(config)];
      if (list.isAtomic || (old.length === 0 && next.length === 0)) return mergeLeaves(object, config);
      return mergeLists(object, old, next, list, (before, item) => mergeTyped(before, item, list.element));
    }
    default:
      return mergeLeaves(object, config);
  }
}

const listOrNone = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function mergeLeaves(object: unknown, config: unknown): unknown {
  return jsonEquals(object, config) ? object : config;
}

const EMPTY_MAP: JsonObject = {};

function mergeMaps(object: unknown, config: unknown, map: MergeMap): unknown {
  const old = isJsonObject(object) ? object : EMPTY_MAP;
  const next: Record<string, unknown> = isJsonObject(config) ? config : EMPTY_MAP;
  const keys = Object.keys(next);
  // Empty and null are told apart.
  if (map.isAtomic || (keys.length === 0 && isEmptyObject(old))) return mergeLeaves(object, config);
  let merged: Record<string, unknown> = old;
  for (const key of keys) {
    const before = getOwn<unknown>(old, key);
    const after = mergeTyped(before, next[key], placeOf(map, key));
    if (after === before) continue;
    if (merged === old) merged = { ...old };
    setOwn(merged, key, after);
  }
  return merged;
}
