import type { CelUint } from "../values/uint.ts";

/** What a literal may hold: null, bool, string, int (bigint), double (number), uint, bytes. */
export type LiteralValue = null | boolean | string | bigint | number | CelUint | Uint8Array;

interface Node {
  /** Unique within the expression. */
  id: number;
  /** Where it stands in the text, in code points: an operator's sign, a call's parenthesis, a select's dot. */
  offset: number;
}

export interface LiteralExpr extends Node {
  kind: "literal";
  value: LiteralValue;
}

export interface IdentExpr extends Node {
  kind: "ident";
  name: string;
}

export interface SelectExpr extends Node {
  kind: "select";
  operand: Expr;
  field: string;
  /** `has(operand.field)`: asks whether the field is there. */
  testOnly: boolean;
}

export interface CallExpr extends Node {
  kind: "call";
  function: string;
  target: Expr | undefined;
  args: Expr[];
}

export interface ListExpr extends Node {
  kind: "list";
  elements: Expr[];
  /** Indices of the elements written `?x`. */
  optionals: Set<number>;
}

export interface MapEntry extends Node {
  key: Expr;
  value: Expr;
  optional: boolean;
}

export interface MapExpr extends Node {
  kind: "map";
  entries: MapEntry[];
}

export interface StructField extends Node {
  name: string;
  value: Expr;
  optional: boolean;
}

export interface StructExpr extends Node {
  kind: "struct";
  typeName: string;
  fields: StructField[];
}

/** A fold, which all macros with variables become: accu = init; for each element while condition: accu = step; result. */
export interface ComprehensionExpr extends Node {
  kind: "comprehension";
  range: Expr;
  variable: string;
  /** Index or key and value are bound to two variables. */
  secondVariable: string | undefined;
  accumulator: string;
  init: Expr;
  condition: Expr;
  step: Expr;
  result: Expr;
}

export type Expr =
  | LiteralExpr
  | IdentExpr
  | SelectExpr
  | CallExpr
  | ListExpr
  | MapExpr
  | StructExpr
  | ComprehensionExpr;

/** Names of the functions that stand behind operators. */
export const OPERATOR = {
  conditional: "_?_:_",
  and: "_&&_",
  or: "_||_",
  not: "!_",
  equals: "_==_",
  notEquals: "_!=_",
  less: "_<_",
  lessEquals: "_<=_",
  greater: "_>_",
  greaterEquals: "_>=_",
  add: "_+_",
  subtract: "_-_",
  multiply: "_*_",
  divide: "_/_",
  modulo: "_%_",
  negate: "-_",
  index: "_[_]",
  optionalIndex: "_[?_]",
  optionalSelect: "_?._",
  in: "@in",
  notStrictlyFalse: "@not_strictly_false",
} as const;

/** The expressions directly within one, in the order in which they are written. */
export function childrenOf(expr: Expr): Expr[] {
  switch (expr.kind) {
    case "literal":
    case "ident":
      return [];
    case "select":
      return [expr.operand];
    case "call":
      return expr.target === undefined ? expr.args : [expr.target, ...expr.args];
    case "list":
      return expr.elements;
    case "map":
      return expr.entries.flatMap(({ key, value }) => [key, value]);
    case "struct":
      return expr.fields.map(({ value }) => value);
    case "comprehension":
      return [expr.range, expr.init, expr.condition, expr.step, expr.result];
  }
}

/** `a.b.c` as one name, or undefined where the expression is no chain of names. */
export function qualifiedName(expr: Expr): string | undefined {
  if (expr.kind === "ident") return expr.name;
  if (expr.kind !== "select" || expr.testOnly) return undefined;
  const prefix = qualifiedName(expr.operand);
  return prefix === undefined ? undefined : `${prefix}.${expr.field}`;
}
