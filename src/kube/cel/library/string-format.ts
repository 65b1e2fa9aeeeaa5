import { Buffer } from "node:buffer";
import { compareUtf8 } from "../../../formats/index.ts";
import { formatDuration } from "../functions/conversions.ts";
import { CelType } from "../types/cel-type.ts";
import { CelError, isError } from "../values/cel-error.ts";
import { formatGoFloat } from "../values/go-float.ts";
import { CelDuration, CelTimestamp, formatTimestamp } from "../values/time.ts";
import { typeOf } from "../values/type-of.ts";
import { CelUint } from "../values/uint.ts";
import { CelList, CelMap, type CelValue, type Result } from "../values/value.ts";
import { type FormatClause, FormatProblem, formatPieces, unfitArgument } from "./format-clauses.ts";

/** `format.format(args)` as cel-go writes it for en_US. */
export function formatString(format: string, args: CelList): Result {
  try {
    let text = "";
    for (const piece of formatPieces(format, (index) => index < args.size)) {
      if (typeof piece === "string") {
        text += piece;
        continue;
      }
      const arg = args.at(piece.index);
      if (isError(arg)) return arg;
      text += formatArg(piece.clause, arg);
    }
    return text;
  } catch (error) {
    if (error instanceof FormatProblem) return new CelError(error.message);
    throw error;
  }
}

function formatArg({ letter, precision }: FormatClause, arg: CelValue): string {
  const formatted = FORMATTERS[letter]!(arg, precision);
  if (formatted === undefined) throw unfitArgument(letter, typeOf(arg).name);
  return formatted;
}

type Formatter = (arg: CelValue, precision: number | undefined) => string | undefined;

const DEFAULT_PRECISION = 6;
const SPECIAL_TEXTS: Record<string, number> = { NaN: Number.NaN, Infinity: Infinity, "-Infinity": -Infinity };

function integer(arg: CelValue): bigint | undefined {
  if (typeof arg === "bigint") return arg;
  return arg instanceof CelUint ? arg.value : undefined;
}

function double(arg: CelValue): number | undefined {
  if (typeof arg === "number") return arg;
  return typeof arg === "string" && Object.hasOwn(SPECIAL_TEXTS, arg) ? SPECIAL_TEXTS[arg] : undefined;
}

function nonFinite(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  return value > 0 ? "∞" : "-∞";
}

const fixed: Formatter = (arg, precision = DEFAULT_PRECISION) => {
  const value = double(arg);
  if (value === undefined || !Number.isFinite(value))
    return value === undefined ? undefined : nonFinite(value);
  const [whole, fraction] = roundedHalfEven(value, precision).split(".") as [string, string | undefined];
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
};

/** `toFixed` takes at most 100 digits, and rounds the exact value, as Go does. */
function roundedHalfEven(value: number, precision: number): string {
  const digits = value.toFixed(Math.min(precision, 100));
  const isHalf = precision === 0 && Math.abs(value) < 2 ** 52 && Math.abs(value) % 1 === 0.5;
  if (!isHalf) return digits.padEnd(digits.length + Math.max(0, precision - 100), "0");
  const even = 2 * Math.round(Math.abs(value) / 2);
  return value < 0 ? `-${even}` : String(even);
}

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** The precision is upstream's width: what it says of digits is not heard. */
const scientific: Formatter = (arg, precision = DEFAULT_PRECISION) => {
  const value = double(arg);
  if (value === undefined || !Number.isFinite(value))
    return value === undefined ? undefined : nonFinite(value);
  const [mantissa, exponent] = value.toExponential(DEFAULT_PRECISION).split("e") as [string, string];
  const digits = exponent.slice(1).padStart(2, "0");
  const raised = Array.from(digits, (digit) => SUPERSCRIPTS[Number(digit)]).join("");
  return `${mantissa}×10${exponent.startsWith("-") ? "⁻" : ""}${raised}`.padStart(precision, " ");
};

const inBase =
  (base: number): Formatter =>
  (arg) =>
    integer(arg)?.toString(base);

const binary: Formatter = (arg) =>
  typeof arg === "boolean" ? String(Number(arg)) : inBase(2)(arg, undefined);

const hex: Formatter = (arg) => {
  if (typeof arg === "string") return Buffer.from(arg).toString("hex");
  if (arg instanceof Uint8Array) return Buffer.from(arg).toString("hex");
  return inBase(16)(arg, undefined);
};

const FORMATTERS: Record<string, Formatter> = {
  s: plainText,
  d: (arg) => integer(arg)?.toString(),
  f: fixed,
  e: scientific,
  b: binary,
  o: inBase(8),
  x: hex,
  X: (arg, precision) => hex(arg, precision)?.toUpperCase(),
};

/** A value as `%s` writes it. */
function plainText(arg: CelValue): string | undefined {
  if (arg instanceof CelList || arg instanceof CelMap) return literalText(arg);
  if (typeof arg === "string") return arg;
  if (typeof arg === "number") return formatGoFloat(arg);
  if (arg instanceof Uint8Array) return Buffer.from(arg).toString();
  if (arg instanceof CelTimestamp) return formatTimestamp(arg);
  if (arg instanceof CelDuration) return formatDuration(arg);
  if (arg instanceof CelType) return arg.name;
  return simpleText(arg);
}

function simpleText(arg: CelValue): string | undefined {
  if (arg === null || typeof arg === "boolean") return String(arg);
  return integer(arg)?.toString();
}

/** A value as it stands within a list or map: texts quoted, times as calls. */
function literalText(value: CelValue): string {
  if (value instanceof CelList) return `[${Array.from(value, elementText).join(", ")}]`;
  if (value instanceof CelMap) return mapText(value);
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") return doubleText(value);
  if (value instanceof Uint8Array) return `b${JSON.stringify(Buffer.from(value).toString())}`;
  if (value instanceof CelTimestamp) return `timestamp("${formatTimestamp(value)}")`;
  if (value instanceof CelDuration) return `duration("${formatDuration(value)}")`;
  const text = value instanceof CelType ? value.name : simpleText(value);
  if (text === undefined)
    throw new FormatProblem(`error during formatting: no formatting function for ${typeOf(value).name}`);
  return text;
}

function doubleText(value: number): string {
  if (!Number.isFinite(value)) return JSON.stringify(formatGoFloat(value));
  return value.toFixed(DEFAULT_PRECISION);
}

function elementText(value: Result): string {
  if (isError(value)) throw new FormatProblem(value.message);
  return literalText(value);
}

function mapText(map: CelMap): string {
  const entries: [key: string, value: string][] = [];
  for (const key of map.keys()) entries.push([keyText(key), elementText(map.find(key)!)]);
  entries.sort(([left], [right]) => compareUtf8(left, right));
  return `{${entries.map(([key, value]) => `${key}:${value}`).join(", ")}}`;
}

function keyText(key: CelValue): string {
  const isKey = typeof key === "string" || typeof key === "boolean" || integer(key) !== undefined;
  if (isKey) return literalText(key);
  throw new FormatProblem(
    `error during formatting: no formatting function for map key of type ${typeOf(key).name}`,
  );
}
