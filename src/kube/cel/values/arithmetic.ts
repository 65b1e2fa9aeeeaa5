import { Buffer } from "node:buffer";
import { CelError, isError, noSuchOverload } from "./cel-error.ts";
import { GrowingList, ValueList } from "./collections.ts";
import { isInt64, isUint64 } from "./numbers.ts";
import { CelDuration, CelTimestamp, isTimestampInRange } from "./time.ts";
import { CelUint } from "./uint.ts";
import { CelList, type CelValue, type Result } from "./value.ts";

// 64-bit arithmetic: what does not fit is an error, never a wrap.

export function int(value: bigint): bigint | CelError {
  return isInt64(value) ? value : new CelError("integer overflow");
}

export function uint(value: bigint): CelUint | CelError {
  return isUint64(value) ? new CelUint(value) : new CelError("unsigned integer overflow");
}

function duration(nanos: bigint): CelDuration | CelError {
  const checked = int(nanos);
  return isError(checked) ? checked : new CelDuration(checked);
}

export function timestamp(nanos: bigint): CelTimestamp | CelError {
  return isTimestampInRange(nanos) ? new CelTimestamp(nanos) : new CelError("timestamp overflow");
}

export function add(left: CelValue, right: CelValue): Result {
  if (typeof left === "bigint" && typeof right === "bigint") return int(left + right);
  if (typeof left === "number" && typeof right === "number") return left + right;
  if (typeof left === "string" && typeof right === "string") return left + right;
  if (left instanceof CelUint && right instanceof CelUint) return uint(left.value + right.value);
  if (left instanceof CelList && right instanceof CelList) return concatenate(left, right);
  if (left instanceof Uint8Array && right instanceof Uint8Array)
    return new Uint8Array(Buffer.concat([left, right]));
  return addTimes(left, right);
}

function addTimes(left: CelValue, right: CelValue): Result {
  if (left instanceof CelDuration && right instanceof CelDuration) return duration(left.nanos + right.nanos);
  const isMoved =
    (left instanceof CelTimestamp && right instanceof CelDuration) ||
    (left instanceof CelDuration && right instanceof CelTimestamp);
  return isMoved ? timestamp(left.nanos + right.nanos) : noSuchOverload();
}

function concatenate(left: CelList, right: CelList): Result {
  if (left instanceof GrowingList) return left.append(right) ?? left;
  const own = left.plus(right);
  if (own !== undefined) return own;
  if (left.size === 0) return right;
  if (right.size === 0) return left;
  const values: CelValue[] = [];
  for (const list of [left, right]) {
    for (const value of list) {
      if (isError(value)) return value;
      values.push(value);
    }
  }
  return new ValueList(values);
}

export function subtract(left: CelValue, right: CelValue): Result {
  if (typeof left === "bigint" && typeof right === "bigint") return int(left - right);
  if (typeof left === "number" && typeof right === "number") return left - right;
  if (left instanceof CelUint && right instanceof CelUint) return uint(left.value - right.value);
  if (left instanceof CelDuration && right instanceof CelDuration) return duration(left.nanos - right.nanos);
  if (!(left instanceof CelTimestamp)) return noSuchOverload();
  if (right instanceof CelTimestamp) return duration(left.nanos - right.nanos);
  return right instanceof CelDuration ? timestamp(left.nanos - right.nanos) : noSuchOverload();
}

export function multiply(left: CelValue, right: CelValue): Result {
  if (typeof left === "bigint" && typeof right === "bigint") return int(left * right);
  if (typeof left === "number" && typeof right === "number") return left * right;
  if (left instanceof CelUint && right instanceof CelUint) return uint(left.value * right.value);
  return noSuchOverload();
}

export function divide(left: CelValue, right: CelValue): Result {
  if (typeof left === "number" && typeof right === "number") return left / right;
  return wholeNumbers(left, right, "division by zero", (a, b) => a / b);
}

export function modulo(left: CelValue, right: CelValue): Result {
  return wholeNumbers(left, right, "modulus by zero", (a, b) => a % b);
}

function wholeNumbers(
  left: CelValue,
  right: CelValue,
  byZero: string,
  operate: (left: bigint, right: bigint) => bigint,
): Result {
  if (typeof left === "bigint" && typeof right === "bigint")
    return right === 0n ? new CelError(byZero) : int(operate(left, right));
  if (!(left instanceof CelUint && right instanceof CelUint)) return noSuchOverload();
  return right.value === 0n ? new CelError(byZero) : uint(operate(left.value, right.value));
}

export function negate(value: CelValue): Result {
  if (typeof value === "bigint") return int(-value);
  if (typeof value === "number") return -value;
  return value instanceof CelDuration ? duration(-value.nanos) : noSuchOverload();
}
