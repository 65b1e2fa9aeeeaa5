import { childrenOf, type Expr, OPERATOR } from "../../../cel/index.ts";
import type { ClaimExpression } from "./claim-expressions.ts";

/** Whether an expression asks for `claims.NAME`, `has(claims.NAME)` or `claims.?NAME`; `claims["NAME"]` is not seen. */
export function usesClaim({ program }: ClaimExpression, name: string): boolean {
  return selects(program.checked.expr, name);
}

function selects(expr: Expr, name: string): boolean {
  if (expr.kind === "select" && expr.field === name && isClaims(expr.operand)) return true;
  if (expr.kind === "call" && expr.function === OPERATOR.optionalSelect && expr.args.length === 2) {
    const [operand, field] = expr.args as [Expr, Expr];
    if (isClaims(operand) && field.kind === "literal" && field.value === name) return true;
  }
  return childrenOf(expr).some((child) => selects(child, name));
}

const isClaims = (expr: Expr) => expr.kind === "ident" && expr.name === "claims";
