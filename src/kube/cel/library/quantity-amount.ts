import { parseQuantity } from "../../../formats/index.ts";
import { isInt64 } from "../values/numbers.ts";

const NANO_DIGITS = 9;
/** What the API server's fast numbers hold; others are decimals of any size, which are never integers to it. */
const MAX_DIGITS = 18;
const MAX_BINARY_DIGITS = 15;

/**
 * An amount as `resource.Quantity` holds it: a 64-bit number times a power of ten (`scale`), or a decimal, which has no
 * scale. Whether it counts as an integer depends on that, and not on its value alone.
 */
export interface QuantityAmount {
  nanos: bigint;
  scale: number | undefined;
}

/** Throws InvalidArgument with upstream's message. */
export function parseAmount(text: string): QuantityAmount {
  return { nanos: parseQuantity(text).nanos, scale: scaleOf(text) };
}

function scaleOf(text: string): number | undefined {
  const [, whole = "", fraction = "", suffix = ""] = /^[+-]?0*(\d*)(?:\.(\d*))?(.*)$/.exec(text)!;
  const digits = whole.length + fraction.length;
  const binary = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].indexOf(suffix);
  if (binary > 0) {
    const precision = MAX_BINARY_DIGITS - whole.length - Math.trunc(binary * 3) - 1;
    return fraction === "" && precision >= 0 ? 0 : undefined;
  }
  if (digits > MAX_DIGITS) return undefined;
  const scale = decimalExponent(suffix) - fraction.length;
  return scale >= -NANO_DIGITS ? scale : undefined;
}

function decimalExponent(suffix: string): number {
  const at = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"].indexOf(suffix);
  return at >= 0 ? (at - 3) * 3 : Number(suffix.slice(1));
}

/** A whole number of at most 64 bits, or undefined. */
export function amountAsInt({ nanos, scale }: QuantityAmount): bigint | undefined {
  if (scale === undefined || scale < 0) return undefined;
  const value = nanos / 10n ** BigInt(NANO_DIGITS);
  return isInt64(value) ? value : undefined;
}

export function amountAsFloat({ nanos, scale = -NANO_DIGITS }: QuantityAmount): number {
  const unit = NANO_DIGITS + scale;
  const base = unit >= 0 ? nanos / 10n ** BigInt(unit) : nanos;
  return scale === 0 ? Number(base) : Number(base) * 10 ** scale;
}

export function addAmounts(left: QuantityAmount, right: QuantityAmount): QuantityAmount {
  const nanos = left.nanos + right.nanos;
  if (left.scale === undefined || right.scale === undefined) return { nanos, scale: undefined };
  if (right.nanos === 0n) return left;
  if (left.nanos === 0n) return right;
  return { nanos, scale: Math.min(left.scale, right.scale) };
}

export function intAmount(value: bigint): QuantityAmount {
  return { nanos: value * 10n ** BigInt(NANO_DIGITS), scale: 0 };
}

export const negated = ({ nanos, scale }: QuantityAmount): QuantityAmount => ({ nanos: -nanos, scale });
