import { type CelFunction, fn, overload } from "../functions/declaration.ts";
import { MAP_INSERT } from "../syntax/two-variable-macros.ts";
import { mapType, typeParam } from "../types/cel-type.ts";
import { CelError, isError } from "../values/cel-error.ts";
import { GrowingMap } from "../values/collections.ts";
import { formatValue } from "../values/format-value.ts";
import type { CelMap, CelValue, Result } from "../values/value.ts";

const K = typeParam("K");
const V = typeParam("V");
const MAP = mapType(K, V);

/** Adds an entry; a key that is there already is an error. A map of the macro's own grows in place. */
function insert(map: CelMap, key: CelValue, value: CelValue): CelMap | CelError {
  if (map.find(key) !== undefined)
    return new CelError(`insert failed: key ${formatValue(key)} already exists`);
  const grown = map instanceof GrowingMap ? map : new GrowingMap(entriesOf(map));
  return grown.set(key, value) ?? grown;
}

function* entriesOf(map: CelMap): Generator<[CelValue, CelValue]> {
  for (const key of map.keys()) {
    const value = map.find(key);
    if (value !== undefined && !isError(value)) yield [key, value];
  }
}

function insertAll(map: CelMap, added: CelMap): Result {
  let grown = map;
  for (const [key, value] of entriesOf(added)) {
    const inserted = insert(grown, key, value);
    if (isError(inserted)) return inserted;
    grown = inserted;
  }
  return grown;
}

/** What `transformMap` collects with (from 1.32 on). */
export const TWO_VARIABLE_FUNCTIONS: CelFunction[] = [
  fn(MAP_INSERT, [
    overload("@mapInsert_map_key_value", [MAP, K, V], MAP, ([map, key, value]) =>
      insert(map as CelMap, key!, value!),
    ),
    overload("@mapInsert_map_map", [MAP, MAP], MAP, ([map, added]) =>
      insertAll(map as CelMap, added as CelMap),
    ),
  ]),
];
