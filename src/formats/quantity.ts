import { GantryError, KnownTexts } from "../base/index.ts";

/** How the amount was written, which is how it is printed again. */
export type QuantityFormat = "BinarySI" | "DecimalSI" | "DecimalExponent";

/** A fixed-point amount as `resource.Quantity` holds it; finer than nano is rounded away from zero. */
export interface Quantity {
  readonly nanos: bigint;
  readonly format: QuantityFormat;
}

export const QUANTITY_FORMAT_ERROR =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

const NANO = 1_000_000_000n;
/** Upstream caps at what an int64 holds. */
const MAX_NANOS = (2n ** 63n - 1n) * NANO;
const SYNTAX = /^([+-]?)(\d*)(?:\.(\d*))?([eEinumkKMGTP]*[-+]?\d*)$/;
const DECIMAL_SUFFIXES = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
const BINARY_SUFFIXES = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
/** More digits than this carry no meaning; they only cost time. */
const MAX_TEXT_LENGTH = 256;

function formatError(text: string): GantryError {
  return new GantryError("InvalidArgument", QUANTITY_FORMAT_ERROR, {
    code: "Quantity.Format",
    details: { text: text.slice(0, MAX_TEXT_LENGTH) },
  });
}

/** The same few amounts occur again and again. */
const KNOWN = { maxTexts: 4096, maxCharacters: 64 * 1024 };
const parsed = new KnownTexts<Quantity>(KNOWN);

/** Parses Kubernetes' notation for amounts (`500m`, `1.5Gi`, `12e6`). Throws InvalidArgument with upstream's message. */
export const parseQuantity = (text: string): Quantity =>
  parsed.get(text) ?? parsed.keep(text, Object.freeze(readQuantity(text)));

function readQuantity(text: string): Quantity {
  const match = text.length > MAX_TEXT_LENGTH ? null : SYNTAX.exec(text);
  if (match === null) throw formatError(text);
  const [, sign, whole = "", fraction = "", suffix = ""] = match;
  if (whole === "" && fraction === "") throw formatError(text);
  const scale = scaleOf(suffix);
  if (scale === undefined)
    throw new GantryError("InvalidArgument", "unable to parse quantity's suffix", {
      code: "Quantity.Suffix",
    });
  const digits = BigInt(whole + fraction);
  const magnitude =
    scale.base === 2
      ? binary(digits, fraction.length, scale.exponent)
      : decimal(digits, scale.exponent - fraction.length);
  const capped = magnitude > MAX_NANOS ? MAX_NANOS : magnitude;
  return { nanos: sign === "-" ? -capped : capped, format: scale.format };
}

interface Scale {
  base: 2 | 10;
  exponent: number;
  format: QuantityFormat;
}

function scaleOf(suffix: string): Scale | undefined {
  const decimalIndex = DECIMAL_SUFFIXES.indexOf(suffix);
  if (decimalIndex >= 0) return { base: 10, exponent: (decimalIndex - 3) * 3, format: "DecimalSI" };
  const binaryIndex = BINARY_SUFFIXES.indexOf(suffix);
  if (binaryIndex > 0) return { base: 2, exponent: binaryIndex * 10, format: "BinarySI" };
  const exponent = /^[eE]([+-]?\d{1,9})$/.exec(suffix);
  return exponent === null
    ? undefined
    : { base: 10, exponent: Number(exponent[1]), format: "DecimalExponent" };
}

/** digits * 10^exponent, in nanos, rounded up. */
function decimal(digits: bigint, exponent: number): bigint {
  if (digits === 0n) return 0n;
  const shift = exponent + 9;
  if (shift > 64) return MAX_NANOS + 1n;
  if (shift >= 0) return digits * 10n ** BigInt(shift);
  return shift < -2 * MAX_TEXT_LENGTH ? 1n : divideUp(digits, 10n ** BigInt(-shift));
}

/** digits / 10^fractionLength * 2^exponent, in nanos, rounded up. */
function binary(digits: bigint, fractionLength: number, exponent: number): bigint {
  return divideUp(digits * NANO * 2n ** BigInt(exponent), 10n ** BigInt(fractionLength));
}

function divideUp(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor;
}

/** The canonical text: no fraction, the largest suffix that loses nothing. */
export function formatQuantity({ nanos, format }: Quantity): string {
  if (nanos === 0n) return "0";
  const sign = nanos < 0n ? "-" : "";
  const magnitude = nanos < 0n ? -nanos : nanos;
  if (format === "BinarySI" && magnitude >= 1024n * NANO && magnitude % NANO === 0n) {
    return sign + formatBinary(magnitude / NANO);
  }
  return sign + formatDecimal(magnitude, format === "DecimalExponent");
}

function formatBinary(amount: bigint): string {
  let index = 0;
  let rest = amount;
  while (index < BINARY_SUFFIXES.length - 1 && rest % 1024n === 0n) {
    rest /= 1024n;
    index++;
  }
  return `${rest}${BINARY_SUFFIXES[index]}`;
}

function formatDecimal(nanos: bigint, asExponent: boolean): string {
  let index = 0;
  let rest = nanos;
  while (index < DECIMAL_SUFFIXES.length - 1 && rest % 1000n === 0n) {
    rest /= 1000n;
    index++;
  }
  const exponent = (index - 3) * 3;
  if (asExponent) return exponent === 0 ? `${rest}` : `${rest}e${exponent}`;
  return `${rest}${DECIMAL_SUFFIXES[index]}`;
}

const canonical = new KnownTexts<string>(KNOWN);

/** `formatQuantity(parseQuantity(text))`. */
export const canonicalQuantity = (text: string): string =>
  canonical.get(text) ?? canonical.keep(text, formatQuantity(parseQuantity(text)));

/** The amount in whole units, rounded up (`Quantity.Value`); amounts beyond 2^53 lose their last digits. */
export function quantityValue(text: string): number {
  return scaled(text, NANO);
}

/** The amount in thousandths, rounded up (`Quantity.MilliValue`): what CPU is counted in. */
export function quantityMilliValue(text: string): number {
  return scaled(text, NANO / 1000n);
}

function scaled(text: string, unit: bigint): number {
  const { nanos } = parseQuantity(text);
  return Number(nanos < 0n ? -divideUp(-nanos, unit) : divideUp(nanos, unit));
}

const MILLI = 1_000_000n;

/** The amount in canonical text, away from zero to whole thousandths: finer parts are not kept (SetDefaults_ResourceList). */
export const roundUpToMilli = (text: string): string => roundUpTo(text, MILLI);

/** The same to whole units (`Quantity.RoundUp(0)`): bytes, pieces. */
export const roundUpToUnit = (text: string): string => roundUpTo(text, NANO);

function roundUpTo(text: string, unit: bigint): string {
  const { nanos, format } = parseQuantity(text);
  if (nanos % unit === 0n) return text;
  const rounded = nanos < 0n ? -divideUp(-nanos, unit) : divideUp(nanos, unit);
  return formatQuantity({ nanos: rounded * unit, format });
}

/** Negative, zero or positive as `a` is less than, equal to or greater than `b`. */
export function compareQuantities(a: string, b: string): number {
  const difference = parseQuantity(a).nanos - parseQuantity(b).nanos;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** The sum in canonical text, in the format of the first unless that is zero (`Quantity.Add`). */
export function addQuantities(a: string, b: string): string {
  return combined(a, b, (first, second) => first + second);
}

/** The difference, likewise (`Quantity.Sub`). */
export function subtractQuantities(a: string, b: string): string {
  return combined(a, b, (first, second) => first - second);
}

function combined(a: string, b: string, combine: (first: bigint, second: bigint) => bigint): string {
  const [first, second] = [parseQuantity(a), parseQuantity(b)];
  const { format } = first.nanos === 0n ? second : first;
  return formatQuantity({ nanos: combine(first.nanos, second.nanos), format });
}
