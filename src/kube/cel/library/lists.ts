import { type CelFunction, type CelOverload, fn, memberOverload } from "../functions/declaration.ts";
import {
  BOOL,
  BYTES,
  type CelType,
  DOUBLE,
  DURATION,
  INT,
  listType,
  STRING,
  TIMESTAMP,
  typeParam,
  UINT,
} from "../types/cel-type.ts";
import { add } from "../values/arithmetic.ts";
import { CelError, isError } from "../values/cel-error.ts";
import { compare } from "../values/compare.ts";
import { equals } from "../values/equality.ts";
import { CelDuration } from "../values/time.ts";
import { CelUint } from "../values/uint.ts";
import type { CelList, CelValue, Result } from "../values/value.ts";

const A = typeParam("A");

const SUMMABLE: [name: string, type: CelType, zero: CelValue][] = [
  ["int", INT, 0n],
  ["uint", UINT, new CelUint(0n)],
  ["double", DOUBLE, 0],
  ["duration", DURATION, new CelDuration(0n)],
];

const COMPARABLE: [name: string, type: CelType][] = [
  ["int", INT],
  ["uint", UINT],
  ["double", DOUBLE],
  ["bool", BOOL],
  ["duration", DURATION],
  ["timestamp", TIMESTAMP],
  ["string", STRING],
  ["bytes", BYTES],
];

function isSorted(list: CelList): Result {
  let previous: CelValue | undefined;
  for (const element of list) {
    if (isError(element)) return element;
    if (previous !== undefined && compare(previous, element) === 1) return false;
    previous = element;
  }
  return true;
}

function sum(list: CelList, zero: CelValue): Result {
  let total: CelValue = zero;
  for (const element of list) {
    const next = isError(element) ? element : add(total, element);
    if (isError(next)) return next;
    total = next;
  }
  return total;
}

/** The element that no other one is preferred to: another is where the comparison with it gives `preferred`. */
function extreme(name: string, preferred: 1 | -1) {
  return (list: CelList): Result => {
    let found: CelValue | undefined;
    for (const element of list) {
      if (isError(element)) return element;
      if (found === undefined || compare(found, element) === preferred) found = element;
    }
    return found ?? new CelError(`${name} called on empty list`);
  };
}

function position(list: CelList, item: CelValue, indices: Iterable<number>): Result {
  for (const index of indices) {
    const element = list.at(index);
    if (!isError(element) && equals(element, item) === true) return BigInt(index);
  }
  return -1n;
}

const forwards = (list: CelList) => Array.from({ length: list.size }, (_, at) => at);

function comparableOverloads(
  id: (name: string) => string,
  result: (type: CelType) => CelType,
  evaluate: (list: CelList) => Result,
): CelOverload[] {
  return COMPARABLE.map(([name, type]) =>
    memberOverload(id(name), [listType(type)], result(type), ([list]) => evaluate(list as CelList)),
  );
}

const sameType = (type: CelType) => type;

/** Kubernetes' functions on lists. */
export const LIST_FUNCTIONS: CelFunction[] = [
  fn(
    "isSorted",
    comparableOverloads(
      (name) => `list_${name}_is_sorted_bool`,
      () => BOOL,
      isSorted,
    ),
  ),
  fn(
    "sum",
    SUMMABLE.map(([name, type, zero]) =>
      memberOverload(`list_${name}_sum_${name}`, [listType(type)], type, ([list]) =>
        sum(list as CelList, zero),
      ),
    ),
  ),
  fn(
    "max",
    comparableOverloads((name) => `list_${name}_max_${name}`, sameType, extreme("max", -1)),
  ),
  fn(
    "min",
    comparableOverloads((name) => `list_${name}_min_${name}`, sameType, extreme("min", 1)),
  ),
  fn("indexOf", [
    memberOverload("list_a_index_of_int", [listType(A), A], INT, ([list, item]) =>
      position(list as CelList, item!, forwards(list as CelList)),
    ),
  ]),
  fn("lastIndexOf", [
    memberOverload("list_a_last_index_of_int", [listType(A), A], INT, ([list, item]) =>
      position(list as CelList, item!, forwards(list as CelList).reverse()),
    ),
  ]),
];
