import { type CelFunction, fn, memberOverload, overload } from "../functions/declaration.ts";
import { OPERATOR } from "../syntax/ast.ts";
import { BOOL, DYN, INT, listType, mapType, optionalType, STRING, typeParam } from "../types/cel-type.ts";
import { CelError, isError } from "../values/cel-error.ts";
import { ValueList } from "../values/collections.ts";
import { type CelList, CelOptional, type CelValue, type Result } from "../values/value.ts";
import { isZeroValue } from "../values/zero-value.ts";

const K = typeParam("K");
const V = typeParam("V");
const OPTIONAL_V = optionalType(V);
const LIST_V = listType(V);
const MAP_K_V = mapType(K, V);
const LIST_OPTIONAL_V = listType(OPTIONAL_V);

function unwrap(list: CelList): Result {
  const values: CelValue[] = [];
  for (const element of list) {
    if (isError(element)) return element;
    if (!(element instanceof CelOptional)) return new CelError(`value ${String(element)} is not optional`);
    if (element.value !== undefined) values.push(element.value);
  }
  return new ValueList(values);
}

function elementOf(list: CelList, index: number): Result {
  if (list.size === 0) return CelOptional.NONE;
  const element = list.at(index);
  return isError(element) ? element : new CelOptional(element);
}

/** Values that may not be there (from 1.28 on). */
export const OPTIONAL_FUNCTIONS: CelFunction[] = [
  fn("optional.of", [overload("optional_of", [V], OPTIONAL_V, ([value]) => new CelOptional(value))]),
  fn("optional.ofNonZeroValue", [
    overload("optional_ofNonZeroValue", [V], OPTIONAL_V, ([value]) =>
      isZeroValue(value!) ? CelOptional.NONE : new CelOptional(value),
    ),
  ]),
  fn("optional.none", [overload("optional_none", [], OPTIONAL_V, () => CelOptional.NONE)]),
  fn("value", [
    memberOverload(
      "optional_value",
      [OPTIONAL_V],
      V,
      ([optional]) => (optional as CelOptional).value ?? noneValue(optional as CelOptional),
    ),
  ]),
  fn("hasValue", [
    memberOverload(
      "optional_hasValue",
      [OPTIONAL_V],
      BOOL,
      ([optional]) => (optional as CelOptional).value !== undefined,
    ),
  ]),
  fn("or", [memberOverload("optional_or_optional", [OPTIONAL_V, OPTIONAL_V], OPTIONAL_V)]),
  fn("orValue", [memberOverload("optional_orValue_value", [OPTIONAL_V, V], V)]),
  fn(OPERATOR.optionalSelect, [overload("select_optional_field", [DYN, STRING], OPTIONAL_V)]),
  fn(OPERATOR.optionalIndex, [
    overload("list_optindex_optional_int", [LIST_V, INT], OPTIONAL_V),
    overload("optional_list_optindex_optional_int", [optionalType(LIST_V), INT], OPTIONAL_V),
    overload("map_optindex_optional_value", [MAP_K_V, K], OPTIONAL_V),
    overload("optional_map_optindex_optional_value", [optionalType(MAP_K_V), K], OPTIONAL_V),
  ]),
  fn(OPERATOR.index, [
    overload("optional_list_index_int", [optionalType(LIST_V), INT], OPTIONAL_V),
    overload("optional_map_index_value", [optionalType(MAP_K_V), K], OPTIONAL_V),
  ]),
  fn("last", [
    memberOverload("list_last", [LIST_V], OPTIONAL_V, ([list]) =>
      elementOf(list as CelList, (list as CelList).size - 1),
    ),
  ]),
  fn("first", [
    memberOverload("list_first", [LIST_V], OPTIONAL_V, ([list]) => elementOf(list as CelList, 0)),
  ]),
  fn("optional.unwrap", [
    overload("optional_unwrap", [LIST_OPTIONAL_V], LIST_V, ([list]) => unwrap(list as CelList)),
  ]),
  fn("unwrapOpt", [
    memberOverload("optional_unwrapOpt", [LIST_OPTIONAL_V], LIST_V, ([list]) => unwrap(list as CelList)),
  ]),
];

/** `optional.of(null)` has a value, which is null. */
function noneValue({ value }: CelOptional): Result {
  return value === undefined ? new CelError("optional.none() dereference") : value;
}
