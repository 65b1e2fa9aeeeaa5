import { Buffer } from "node:buffer";
import { compareUtf8 } from "../../../formats/index.ts";
import { CelError, noSuchOverload } from "./cel-error.ts";
import { isNumeric, plainNumber } from "./numbers.ts";
import { CelDuration, CelTimestamp } from "./time.ts";
import type { CelValue } from "./value.ts";

type Order = -1 | 0 | 1;

const order = <T extends bigint | number>(left: T, right: T): Order =>
  left < right ? -1 : left > right ? 1 : 0;

/** The order of two values of one type, or of two numbers; an error where they have none. */
export function compare(left: CelValue, right: CelValue): Order | CelError {
  if (isNumeric(left) && isNumeric(right)) {
    const [mine, theirs] = [plainNumber(left), plainNumber(right)];
    if (Number.isNaN(mine) || Number.isNaN(theirs)) return new CelError("NaN values cannot be ordered");
    return order(mine as number, theirs as number);
  }
  if (typeof left === "string" && typeof right === "string") return order(compareUtf8(left, right), 0);
  if (typeof left === "boolean" && typeof right === "boolean") return order(Number(left), Number(right));
  if (left instanceof Uint8Array && right instanceof Uint8Array) return Buffer.compare(left, right) as Order;
  if (left instanceof CelTimestamp && right instanceof CelTimestamp) return order(left.nanos, right.nanos);
  if (left instanceof CelDuration && right instanceof CelDuration) return order(left.nanos, right.nanos);
  return noSuchOverload();
}
