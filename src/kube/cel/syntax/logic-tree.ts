import type { Expr } from "./ast.ts";
import type { ExprFactory } from "./expr-factory.ts";

/** A chain of `&&` or `||` as a balanced tree, as cel-go has it: the order of evaluation stays, the depth does not grow with the chain. */
export function balancedLogic(make: ExprFactory, operator: string, terms: Expr[], offsets: number[]): Expr {
  if (terms.length === 1) return terms[0]!;
  const tree = (low: number, high: number): Expr => {
    const middle = Math.floor((low + high + 1) / 2);
    const left = middle === low ? terms[middle]! : tree(low, middle - 1);
    const right = middle === high ? terms[middle + 1]! : tree(middle + 1, high);
    return make.call(offsets[middle]!, operator, left, right);
  };
  return tree(0, offsets.length - 1);
}
