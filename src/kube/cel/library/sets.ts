import { type CelFunction, fn, overload } from "../functions/declaration.ts";
import { BOOL, listType, typeParam } from "../types/cel-type.ts";
import { isError } from "../values/cel-error.ts";
import { listContains } from "../values/equality.ts";
import type { CelList, Result } from "../values/value.ts";

const LIST = listType(typeParam("T"));

function contains(list: CelList, part: CelList): Result {
  for (const element of part) {
    const isContained = isError(element) ? element : listContains(list, element);
    if (isContained !== true) return isContained;
  }
  return true;
}

function intersects(left: CelList, right: CelList): Result {
  for (const element of left) if (!isError(element) && listContains(right, element) === true) return true;
  return false;
}

function equivalent(left: CelList, right: CelList): Result {
  const isContained = contains(left, right);
  return isContained === true ? contains(right, left) : isContained;
}

function setFunction(name: string, evaluate: (left: CelList, right: CelList) => Result): CelFunction {
  const id = `list_sets_${name}_list`;
  return fn(`sets.${name}`, [
    overload(id, [LIST, LIST], BOOL, ([left, right]) => evaluate(left as CelList, right as CelList)),
  ]);
}

/** Lists as sets (from 1.29 on). */
export const SET_FUNCTIONS: CelFunction[] = [
  setFunction("contains", contains),
  setFunction("equivalent", equivalent),
  setFunction("intersects", intersects),
];
