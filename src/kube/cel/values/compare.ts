import { Buffer } from "node:buffer";
import { CelError, noSuchOverload } from "./cel-error.ts";
import { isNumeric, plainNumber } from "./numbers.ts";
import { CelDuration, CelTimestamp } from "./time.ts";
import type { CelValue } from "./value.ts";

type Order = -1 | 0 | 1;

const order = <T extends bigint | number>(left: T, right: T): Order =>
  left < right ? -1 : left > right ? 1 : 0;

/** Text in the order of its code points, which is that of its UTF-8 bytes. */
export function compareText(left: string, right: string): Order {
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at++) {
    if (left.charCodeAt(at) === right.charCodeAt(at)) continue;
    return order(codePointRank(left, at), codePointRank(right, at));
  }
  return order(left.length, right.length);
}

/** Surrogates stand for what lies above all other units. */
function codePointRank(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/** The order of two values of one type, or of two numbers; an error where they have none. */
export function compare(left: CelValue, right: CelValue): Order | CelError {
  if (isNumeric(left) && isNumeric(right)) {
    const [mine, theirs] = [plainNumber(left), plainNumber(right)];
    if (Number.isNaN(mine) || Number.isNaN(theirs)) return new CelError("NaN values cannot be ordered");
    return order(mine as number, theirs as number);
  }
  if (typeof left === "string" && typeof right === "string") return compareText(left, right);
  if (typeof left === "boolean" && typeof right === "boolean") return order(Number(left), Number(right));
  if (left instanceof Uint8Array && right instanceof Uint8Array) return Buffer.compare(left, right) as Order;
  if (left instanceof CelTimestamp && right instanceof CelTimestamp) return order(left.nanos, right.nanos);
  if (left instanceof CelDuration && right instanceof CelDuration) return order(left.nanos, right.nanos);
  return noSuchOverload();
}
