import type { Expr } from "../syntax/ast.ts";
import type { CelType } from "../types/cel-type.ts";

/** What a name or call within an expression was found to mean. */
export type Reference =
  | { kind: "variable"; name: string }
  | { kind: "type"; type: CelType }
  | { kind: "call"; function: string; overloads: string[]; hasTarget: boolean };

/** An expression whose names are resolved and whose types agree. */
export interface CheckedExpr {
  expr: Expr;
  type: CelType;
  /** By the identity of nodes. */
  types: ReadonlyMap<number, CelType>;
  references: ReadonlyMap<number, Reference>;
}
