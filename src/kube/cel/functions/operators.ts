import { OPERATOR } from "../syntax/ast.ts";
import {
  BOOL,
  BYTES,
  type CelType,
  DOUBLE,
  DURATION,
  INT,
  listType,
  mapType,
  STRING,
  TIMESTAMP,
  typeParam,
  UINT,
} from "../types/cel-type.ts";
import { add, divide, modulo, multiply, negate, subtract } from "../values/arithmetic.ts";
import { CelError, isError, noSuchOverload } from "../values/cel-error.ts";
import { compare } from "../values/compare.ts";
import { listContains } from "../values/equality.ts";
import { isNumeric } from "../values/numbers.ts";
import { CelDuration, CelTimestamp } from "../values/time.ts";
import { CelList, CelMap, type CelValue, type Result } from "../values/value.ts";
import { type CelFunction, type CelOverload, fn, type Implementation, overload } from "./declaration.ts";

const A = typeParam("A");
const B = typeParam("B");
const LIST_OF_A = listType(A);
const MAP_OF_A_B = mapType(A, B);

const unsupported = (name: string) => new CelError(`no such overload: ${name}`);

/** An operator that only values of some types have at all. */
function operator(
  name: string,
  overloads: CelOverload[],
  has: (value: CelValue) => boolean,
  evaluate: (left: CelValue, right: CelValue) => Result,
): CelFunction {
  return fn(name, overloads, ([left, right]) => (has(left!) ? evaluate(left!, right!) : unsupported(name)));
}

const isTime = (value: CelValue) => value instanceof CelTimestamp || value instanceof CelDuration;
const isBytes = (value: CelValue) => value instanceof Uint8Array;
const canAdd = (value: CelValue) =>
  isNumeric(value) ||
  isTime(value) ||
  isBytes(value) ||
  typeof value === "string" ||
  value instanceof CelList;
const canSubtract = (value: CelValue) => isNumeric(value) || isTime(value);
const canNegate = (value: CelValue) =>
  typeof value === "bigint" || typeof value === "number" || value instanceof CelDuration;
const canCompare = (value: CelValue) =>
  isNumeric(value) || isTime(value) || isBytes(value) || ["string", "boolean"].includes(typeof value);

const ORDERED_PAIRS: [suffix: string, left: CelType, right: CelType][] = [
  ["bool", BOOL, BOOL],
  ["int64", INT, INT],
  ["int64_double", INT, DOUBLE],
  ["int64_uint64", INT, UINT],
  ["uint64", UINT, UINT],
  ["uint64_double", UINT, DOUBLE],
  ["uint64_int64", UINT, INT],
  ["double", DOUBLE, DOUBLE],
  ["double_int64", DOUBLE, INT],
  ["double_uint64", DOUBLE, UINT],
  ["string", STRING, STRING],
  ["bytes", BYTES, BYTES],
  ["timestamp", TIMESTAMP, TIMESTAMP],
  ["duration", DURATION, DURATION],
];

function ordering(name: string, prefix: string, holds: (order: number) => boolean): CelFunction {
  const overloads = ORDERED_PAIRS.map(([suffix, left, right]) =>
    overload(`${prefix}_${suffix}`, [left, right], BOOL),
  );
  return operator(name, overloads, canCompare, (left, right) => {
    const order = compare(left, right);
    return isError(order) ? order : holds(order);
  });
}

const evaluateNot: Implementation = ([value]) => (typeof value === "boolean" ? !value : noSuchOverload());

const evaluateNegate: Implementation = ([value]) => {
  if (typeof value === "boolean") return noSuchOverload();
  return canNegate(value!) ? negate(value!) : unsupported(OPERATOR.negate);
};

const evaluateIn: Implementation = ([element, container]) => {
  if (container instanceof CelList) return listContains(container, element!);
  if (!(container instanceof CelMap)) return noSuchOverload();
  const found = container.find(element!);
  return isError(found) ? found : found !== undefined;
};

const LOGIC: CelFunction[] = [
  fn(OPERATOR.conditional, [overload("conditional", [BOOL, A, A], A)]),
  fn(OPERATOR.and, [overload("logical_and", [BOOL, BOOL], BOOL)]),
  fn(OPERATOR.or, [overload("logical_or", [BOOL, BOOL], BOOL)]),
  fn(OPERATOR.not, [overload("logical_not", [BOOL], BOOL)], evaluateNot),
  fn(OPERATOR.notStrictlyFalse, [overload("not_strictly_false", [BOOL], BOOL)]),
  fn(OPERATOR.equals, [overload("equals", [A, A], BOOL)]),
  fn(OPERATOR.notEquals, [overload("not_equals", [A, A], BOOL)]),
];

const ARITHMETIC: CelFunction[] = [
  operator(
    OPERATOR.add,
    [
      overload("add_bytes", [BYTES, BYTES], BYTES),
      overload("add_double", [DOUBLE, DOUBLE], DOUBLE),
      overload("add_duration_duration", [DURATION, DURATION], DURATION),
      overload("add_duration_timestamp", [DURATION, TIMESTAMP], TIMESTAMP),
      overload("add_timestamp_duration", [TIMESTAMP, DURATION], TIMESTAMP),
      overload("add_int64", [INT, INT], INT),
      overload("add_list", [LIST_OF_A, LIST_OF_A], LIST_OF_A),
      overload("add_string", [STRING, STRING], STRING),
      overload("add_uint64", [UINT, UINT], UINT),
    ],
    canAdd,
    add,
  ),
  operator(
    OPERATOR.subtract,
    [
      overload("subtract_double", [DOUBLE, DOUBLE], DOUBLE),
      overload("subtract_duration_duration", [DURATION, DURATION], DURATION),
      overload("subtract_int64", [INT, INT], INT),
      overload("subtract_timestamp_duration", [TIMESTAMP, DURATION], TIMESTAMP),
      overload("subtract_timestamp_timestamp", [TIMESTAMP, TIMESTAMP], DURATION),
      overload("subtract_uint64", [UINT, UINT], UINT),
    ],
    canSubtract,
    subtract,
  ),
  operator(OPERATOR.multiply, numericOverloads("multiply", [DOUBLE, INT, UINT]), isNumeric, multiply),
  operator(OPERATOR.divide, numericOverloads("divide", [DOUBLE, INT, UINT]), isNumeric, divide),
  operator(
    OPERATOR.modulo,
    numericOverloads("modulo", [INT, UINT]),
    (value) => isNumeric(value) && typeof value !== "number",
    modulo,
  ),
  fn(
    OPERATOR.negate,
    [overload("negate_double", [DOUBLE], DOUBLE), overload("negate_int64", [INT], INT)],
    evaluateNegate,
  ),
];

function numericOverloads(prefix: string, types: CelType[]): CelOverload[] {
  return types.map((type) => {
    const suffix = type === DOUBLE ? "double" : `${type.name}64`;
    return overload(`${prefix}_${suffix}`, [type, type], type);
  });
}

/** The language's operators. `&&`, `||`, `?:`, `==` and indexing are evaluated by themselves; here stand their signatures. */
export const OPERATORS: CelFunction[] = [
  ...LOGIC,
  ...ARITHMETIC,
  ordering(OPERATOR.less, "less", (order) => order < 0),
  ordering(OPERATOR.lessEquals, "less_equals", (order) => order <= 0),
  ordering(OPERATOR.greater, "greater", (order) => order > 0),
  ordering(OPERATOR.greaterEquals, "greater_equals", (order) => order >= 0),
  fn(OPERATOR.index, [
    overload("index_list", [LIST_OF_A, INT], A),
    overload("index_map", [MAP_OF_A_B, A], B),
  ]),
  fn(
    OPERATOR.in,
    [overload("in_list", [A, LIST_OF_A], BOOL), overload("in_map", [A, MAP_OF_A_B], BOOL)],
    evaluateIn,
  ),
];
