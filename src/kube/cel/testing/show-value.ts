import { CelType } from "../types/cel-type.ts";
import { formatGoFloat } from "../values/go-float.ts";
import { CelDuration, CelTimestamp, formatTimestamp } from "../values/time.ts";
import { CelUint } from "../values/uint.ts";
import { CelList, CelMap, CelObject, CelOptional, type CelValue, type Result } from "../values/value.ts";

/** A value as the tables of expected results write it. */
export function showValue(value: Result | undefined): string {
  if (value instanceof CelList) return `[${Array.from(value, showValue).join(", ")}]`;
  if (value instanceof CelMap)
    return `{${[...value.keys()]
      .map((key) => showEntry(value, key))
      .sort()
      .join(", ")}}`;
  if (value instanceof CelOptional)
    return value.value === undefined ? "optional.none()" : `optional(${showValue(value.value)})`;
  return showScalar(value as CelValue);
}

function showEntry(map: CelMap, key: CelValue): string {
  return `${showValue(key)}: ${showValue(map.find(key))}`;
}

function showScalar(value: CelValue): string {
  if (typeof value === "number") return `${formatGoFloat(value)}d`;
  if (typeof value === "string") return JSON.stringify(value);
  if (value instanceof CelUint) return `${value.value}u`;
  if (value instanceof Uint8Array) return `bytes(${value.join(" ")})`;
  if (value instanceof CelDuration) return `${value.nanos}ns`;
  if (value instanceof CelTimestamp) return formatTimestamp(value);
  if (value instanceof CelType) return `type ${value.name}`;
  return value instanceof CelObject ? value.type.name : String(value);
}
