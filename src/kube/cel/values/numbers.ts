import { CelUint } from "./uint.ts";
import type { CelValue } from "./value.ts";

export type Numeric = bigint | number | CelUint;

export const INT_MIN = -(2n ** 63n);
export const INT_MAX = 2n ** 63n - 1n;
export const UINT_MAX = 2n ** 64n - 1n;

export const isInt64 = (value: bigint): boolean => value >= INT_MIN && value <= INT_MAX;
export const isUint64 = (value: bigint): boolean => value >= 0n && value <= UINT_MAX;

export function isNumeric(value: CelValue): value is Numeric {
  return typeof value === "bigint" || typeof value === "number" || value instanceof CelUint;
}

/** What JavaScript compares exactly across its two kinds of number. */
export const plainNumber = (value: Numeric): bigint | number =>
  value instanceof CelUint ? value.value : value;

export function numbersEqual(left: Numeric, right: Numeric): boolean {
  // biome-ignore lint/suspicious/noDoubleEquals: a bigint and a number that stand for the same number are equal.
  return plainNumber(left) == plainNumber(right);
}
