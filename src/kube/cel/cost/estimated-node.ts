import type { Expr } from "../syntax/ast.ts";
import type { CelType } from "../types/cel-type.ts";
import type { Bounds } from "./bounds.ts";

/** A part of an expression as far as estimates care. */
export interface EstimatedNode {
  /** How it is reached from a variable: the variable, then fields, `@items`, `@values`, `@keys`. Empty where it is computed. */
  path: readonly string[];
  type: CelType;
  expr?: Expr;
  /** The size, where the expression itself tells it. */
  size?: Bounds;
}

/** The size of what stands at a path, where somebody knows it (a schema does). */
export type SizeEstimator = (node: EstimatedNode) => Bounds | undefined;

/** What a call costs, and the size of what it answers. */
export interface CallEstimate {
  cost: Bounds;
  size?: Bounds;
}
