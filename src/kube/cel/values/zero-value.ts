import { CelDuration, CelTimestamp } from "./time.ts";
import { CelUint } from "./uint.ts";
import { CelList, CelMap, CelObject, CelOptional, type CelValue } from "./value.ts";

/** Seconds of the year 1, which is Go's zero time. */
const ZERO_TIME_NANOS = -62_135_596_800n * 1_000_000_000n;

/** Whether a value is empty, zero or false. */
export function isZeroValue(value: CelValue): boolean {
  if (value === null || value === false || value === 0 || value === 0n || value === "") return true;
  if (value instanceof CelUint) return value.value === 0n;
  if (value instanceof Uint8Array) return value.length === 0;
  if (value instanceof CelList || value instanceof CelMap) return value.size === 0;
  if (value instanceof CelTimestamp) return value.nanos === ZERO_TIME_NANOS;
  if (value instanceof CelDuration) return value.nanos === 0n;
  if (value instanceof CelOptional) return value.value === undefined;
  return value instanceof CelObject && value.isZero;
}
