import { Buffer, isUtf8 } from "node:buffer";
import { parseGoBool, parseGoDurationExactly } from "../../../formats/index.ts";
import {
  BOOL,
  BYTES,
  type CelType,
  DOUBLE,
  DURATION,
  DYN,
  INT,
  STRING,
  TIMESTAMP,
  typeParam,
  typeType,
  UINT,
} from "../types/cel-type.ts";
import { int, timestamp, uint } from "../values/arithmetic.ts";
import { CelError } from "../values/cel-error.ts";
import { formatGoFixed, formatGoFloat, parseGoFloat } from "../values/go-float.ts";
import { isInt64, isUint64 } from "../values/numbers.ts";
import {
  CelDuration,
  CelTimestamp,
  formatTimestamp,
  isTimestampInRange,
  parseRfc3339,
} from "../values/time.ts";
import { typeOf } from "../values/type-of.ts";
import { CelUint } from "../values/uint.ts";
import type { CelValue, Result } from "../values/value.ts";
import { type CelFunction, fn, overload } from "./declaration.ts";

const A = typeParam("A");
const NANOS_PER_SECOND = 1_000_000_000n;

function conversionError(from: CelValue, to: CelType): CelError {
  return new CelError(`type conversion error from '${typeOf(from).name}' to '${to.name}'`);
}

/** One conversion: from the type that the overload takes. `identity` where nothing changes. */
type Convert = (value: never) => Result | undefined;

const identity = (value: CelValue) => value;

function conversion(
  name: string,
  to: CelType,
  from: [id: string, type: CelType, convert: Convert][],
): CelFunction {
  return fn(
    name,
    from.map(([id, type, convert]) =>
      overload(id, [type], to, ([value]) => convert(value as never) ?? conversionError(value!, to)),
    ),
  );
}

function parseInt64(text: string): bigint | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  const value = BigInt(text.replace(/^\+/, ""));
  return isInt64(value) ? value : undefined;
}

function parseUint64(text: string): CelUint | undefined {
  if (!/^\d+$/.test(text)) return undefined;
  const value = BigInt(text);
  return isUint64(value) ? new CelUint(value) : undefined;
}

function doubleToInt(value: number): Result {
  const isInRange = Number.isFinite(value) && value > -(2 ** 63) && value < 2 ** 63;
  return isInRange ? int(BigInt(Math.trunc(value))) : new CelError("integer overflow");
}

function doubleToUint(value: number): Result {
  const isInRange = Number.isFinite(value) && value >= 0 && value < 2 ** 64;
  return isInRange ? uint(BigInt(Math.trunc(value))) : new CelError("unsigned integer overflow");
}

function parseTimestamp(text: string): Result | undefined {
  const nanos = parseRfc3339(text);
  if (nanos === undefined) return undefined;
  return isTimestampInRange(nanos) ? new CelTimestamp(nanos) : new CelError("timestamp overflow");
}

function parseDuration(text: string): Result | undefined {
  const nanos = parseGoDurationExactly(text);
  return nanos === undefined ? undefined : new CelDuration(nanos);
}

function decodeUtf8(bytes: Uint8Array): Result {
  if (!isUtf8(bytes)) return new CelError("invalid UTF-8 in bytes, cannot convert to string");
  return Buffer.from(bytes).toString();
}

/** Seconds, then `s`. */
export function formatDuration({ nanos }: CelDuration): string {
  const seconds = nanos / NANOS_PER_SECOND;
  return `${formatGoFixed(Number(seconds) + Number(nanos % NANOS_PER_SECOND) / 1e9)}s`;
}

/** `int(x)`, `string(x)`, `timestamp(x)` and their like. */
export const CONVERSIONS: CelFunction[] = [
  fn("type", [overload("type", [A], typeType(A))], ([value]) => typeOf(value!)),
  fn("dyn", [overload("to_dyn", [A], DYN)], ([value]) => value!),
  conversion("bool", BOOL, [
    ["bool_to_bool", BOOL, identity],
    ["string_to_bool", STRING, parseGoBool],
  ]),
  conversion("bytes", BYTES, [
    ["bytes_to_bytes", BYTES, identity],
    ["string_to_bytes", STRING, (text: string) => new Uint8Array(Buffer.from(text))],
  ]),
  conversion("double", DOUBLE, [
    ["double_to_double", DOUBLE, identity],
    ["int64_to_double", INT, (value: bigint) => Number(value)],
    ["string_to_double", STRING, parseGoFloat],
    ["uint64_to_double", UINT, ({ value }: CelUint) => Number(value)],
  ]),
  conversion("duration", DURATION, [
    ["duration_to_duration", DURATION, identity],
    // Declared by cel-go and refused by it.
    ["int64_to_duration", INT, () => undefined],
    ["string_to_duration", STRING, parseDuration],
  ]),
  conversion("int", INT, [
    ["int64_to_int64", INT, identity],
    ["double_to_int64", DOUBLE, doubleToInt],
    ["duration_to_int64", DURATION, ({ nanos }: CelDuration) => nanos],
    ["string_to_int64", STRING, parseInt64],
    ["timestamp_to_int64", TIMESTAMP, ({ seconds }: CelTimestamp) => seconds],
    ["uint64_to_int64", UINT, ({ value }: CelUint) => int(value)],
  ]),
  conversion("string", STRING, [
    ["string_to_string", STRING, identity],
    ["bool_to_string", BOOL, (value: boolean) => String(value)],
    ["bytes_to_string", BYTES, decodeUtf8],
    ["double_to_string", DOUBLE, formatGoFloat],
    ["duration_to_string", DURATION, formatDuration],
    ["int64_to_string", INT, (value: bigint) => String(value)],
    ["timestamp_to_string", TIMESTAMP, formatTimestamp],
    ["uint64_to_string", UINT, ({ value }: CelUint) => String(value)],
  ]),
  conversion("timestamp", TIMESTAMP, [
    ["timestamp_to_timestamp", TIMESTAMP, identity],
    ["int64_to_timestamp", INT, (seconds: bigint) => timestamp(seconds * NANOS_PER_SECOND)],
    ["string_to_timestamp", STRING, parseTimestamp],
  ]),
  conversion("uint", UINT, [
    ["uint64_to_uint64", UINT, identity],
    ["double_to_uint64", DOUBLE, doubleToUint],
    ["int64_to_uint64", INT, uint],
    ["string_to_uint64", STRING, parseUint64],
  ]),
];

/** Functions whose calls with constants are evaluated when the program is made. */
export const CONVERSION_NAMES: ReadonlySet<string> = new Set(CONVERSIONS.map(({ name }) => name));
