import { Buffer } from "node:buffer";
import { isDeepStrictEqual } from "node:util";
import { CelType, isExactType } from "../types/cel-type.ts";
import { type CelError, isError } from "./cel-error.ts";
import { isNumeric, numbersEqual } from "./numbers.ts";
import { CelDuration, CelTimestamp } from "./time.ts";
import { CelList, CelMap, CelObject, CelOptional, CelUnknownData, type CelValue } from "./value.ts";

/** Whether two values are equal. Numbers are compared by what they stand for; other values of different types are not equal. */
export function equals(left: CelValue, right: CelValue): boolean | CelError {
  if (isNumeric(left)) return isNumeric(right) && numbersEqual(left, right);
  if (left === null || right === null || typeof left !== "object" || typeof right !== "object")
    return left === right;
  return objectsEqual(left, right);
}

function objectsEqual(left: object, right: object): boolean | CelError {
  if (left instanceof CelList) return right instanceof CelList && listsEqual(left, right);
  if (left instanceof CelMap) return right instanceof CelMap && mapsEqual(left, right);
  if (left instanceof Uint8Array) return right instanceof Uint8Array && Buffer.compare(left, right) === 0;
  if (left instanceof CelTimestamp) return right instanceof CelTimestamp && left.nanos === right.nanos;
  if (left instanceof CelDuration) return right instanceof CelDuration && left.nanos === right.nanos;
  if (left instanceof CelType) return right instanceof CelType && left.name === right.name;
  if (left instanceof CelOptional) return right instanceof CelOptional && optionalsEqual(left, right);
  if (left instanceof CelUnknownData)
    return right instanceof CelUnknownData && isDeepStrictEqual(left.data, right.data);
  if (left instanceof CelObject)
    return right instanceof CelObject && isExactType(left.type, right.type) && left.equals(right);
  return false;
}

function listsEqual(left: CelList, right: CelList): boolean | CelError {
  const own = left.equalsList(right);
  if (own !== undefined) return own;
  if (left.size !== right.size) return false;
  for (let at = 0; at < left.size; at++) {
    const [mine, theirs] = [left.at(at), right.at(at)];
    if (isError(mine)) return mine;
    if (isError(theirs)) return theirs;
    const isEqual = equals(mine, theirs);
    if (isEqual !== true) return isEqual;
  }
  return true;
}

function mapsEqual(left: CelMap, right: CelMap): boolean | CelError {
  const own = left.equalsMap(right);
  if (own !== undefined) return own;
  if (left.size !== right.size) return false;
  for (const key of left.keys()) {
    const [mine, theirs] = [left.find(key), right.find(key)];
    if (mine === undefined || theirs === undefined) return false;
    if (isError(mine)) return mine;
    if (isError(theirs)) return theirs;
    const isEqual = equals(mine, theirs);
    if (isEqual !== true) return isEqual;
  }
  return true;
}

function optionalsEqual(left: CelOptional, right: CelOptional): boolean | CelError {
  if (left.value === undefined || right.value === undefined) return left.value === right.value;
  return equals(left.value, right.value);
}

/** Whether a list holds the value. An element that cannot be compared is an error unless another one is equal. */
export function listContains(list: CelList, value: CelValue): boolean | CelError {
  let problem: CelError | undefined;
  for (const element of list) {
    const isEqual = isError(element) ? element : equals(element, value);
    if (isEqual === true) return true;
    if (isError(isEqual)) problem ??= isEqual;
  }
  return problem ?? false;
}
