import { GantryError } from "../../../base/index.ts";
import { type CelFunction, fn, memberOverload, overload } from "../functions/declaration.ts";
import { BOOL, type CelType, DOUBLE, INT, objectType, STRING } from "../types/cel-type.ts";
import { CelError, isError } from "../values/cel-error.ts";
import { CelObject, type CelValue, type Result } from "../values/value.ts";
import {
  addAmounts,
  amountAsFloat,
  amountAsInt,
  intAmount,
  negated,
  parseAmount,
  type QuantityAmount,
} from "./quantity-amount.ts";

export const QUANTITY_TYPE = objectType("kubernetes.Quantity");

class CelQuantity extends CelObject {
  readonly type = QUANTITY_TYPE;
  readonly amount: QuantityAmount;

  constructor(amount: QuantityAmount) {
    super();
    this.amount = amount;
  }

  equals(other: CelObject): boolean {
    return other instanceof CelQuantity && this.compareTo(other) === 0n;
  }

  compareTo(other: CelQuantity): bigint {
    return sign(this.amount.nanos - other.amount.nanos);
  }
}

const sign = (value: bigint) => (value > 0n ? 1n : value < 0n ? -1n : 0n);

function toQuantity(text: string): CelQuantity | CelError {
  try {
    return new CelQuantity(parseAmount(text));
  } catch (error) {
    if (error instanceof GantryError) return new CelError(error.message);
    throw error;
  }
}

function method(
  name: string,
  id: string,
  result: CelType,
  read: (amount: QuantityAmount) => Result,
): CelFunction {
  const evaluate = ([value]: readonly CelValue[]) => read((value as CelQuantity).amount);
  return fn(name, [memberOverload(id, [QUANTITY_TYPE], result, evaluate)]);
}

function comparison(name: string, id: string, result: CelType, read: (order: bigint) => Result): CelFunction {
  return fn(name, [
    memberOverload(id, [QUANTITY_TYPE, QUANTITY_TYPE], result, ([left, right]) =>
      read((left as CelQuantity).compareTo(right as CelQuantity)),
    ),
  ]);
}

function addition(name: string, of: (amount: QuantityAmount) => QuantityAmount): CelFunction {
  const sum = (left: CelValue, right: QuantityAmount) =>
    new CelQuantity(addAmounts((left as CelQuantity).amount, of(right)));
  return fn(name, [
    memberOverload(`quantity_${name}`, [QUANTITY_TYPE, QUANTITY_TYPE], QUANTITY_TYPE, ([left, right]) =>
      sum(left!, (right as CelQuantity).amount),
    ),
    memberOverload(`quantity_${name}_int`, [QUANTITY_TYPE, INT], QUANTITY_TYPE, ([left, right]) =>
      sum(left!, intAmount(right as bigint)),
    ),
  ]);
}

/** Kubernetes' functions on quantities (from 1.28 on). */
export const QUANTITY_FUNCTIONS: CelFunction[] = [
  fn("quantity", [
    overload("string_to_quantity", [STRING], QUANTITY_TYPE, ([text]) => toQuantity(text as string)),
  ]),
  fn("isQuantity", [
    overload("is_quantity_string", [STRING], BOOL, ([text]) => !isError(toQuantity(text as string))),
  ]),
  fn("sign", [
    overload("quantity_sign", [QUANTITY_TYPE], INT, ([value]) => sign((value as CelQuantity).amount.nanos)),
  ]),
  comparison("isGreaterThan", "quantity_is_greater_than", BOOL, (order) => order > 0n),
  comparison("isLessThan", "quantity_is_less_than", BOOL, (order) => order < 0n),
  comparison("compareTo", "quantity_compare_to", INT, (order) => order),
  method("asApproximateFloat", "quantity_get_float", DOUBLE, amountAsFloat),
  method(
    "asInteger",
    "quantity_get_int",
    INT,
    (amount) => amountAsInt(amount) ?? new CelError("cannot convert value to integer"),
  ),
  method("isInteger", "quantity_is_integer", BOOL, (amount) => amountAsInt(amount) !== undefined),
  addition("add", (amount) => amount),
  addition("sub", negated),
];
