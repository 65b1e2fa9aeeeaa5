import { FormatProblem, formatPieces, unfitArgument } from "../library/format-clauses.ts";
import type { CallExpr, Expr } from "../syntax/ast.ts";
import type { IssueList } from "../syntax/issue.ts";
import { type CelKind, ERROR } from "../types/cel-type.ts";
import type { CheckedExpr } from "./checked-expr.ts";

const TAKEN: Record<string, readonly CelKind[]> = {
  s: [
    ...(["list", "map", "int", "uint", "double", "bool", "string"] as const),
    ...(["timestamp", "bytes", "duration", "type", "null"] as const),
  ],
  d: ["int", "uint"],
  f: ["double", "string"],
  e: ["double", "string"],
  b: ["int", "uint", "bool"],
  x: ["int", "uint", "string", "bytes"],
  o: ["int", "uint"],
};

/** Checks calls of `format` on a written text with a written list: the clauses, and the types of their arguments. */
export function validateFormats(calls: readonly CallExpr[], checked: CheckedExpr, issues: IssueList): void {
  for (const call of calls) {
    const list = call.args[0];
    if (call.target?.kind !== "literal" || typeof call.target.value !== "string") continue;
    if (call.args.length === 1 && list?.kind === "list")
      validateFormat(call, call.target.value, list.elements, checked, issues);
  }
}

function validateFormat(
  call: CallExpr,
  format: string,
  args: readonly Expr[],
  checked: CheckedExpr,
  issues: IssueList,
): void {
  let used = 0;
  try {
    for (const piece of formatPieces(format, (index) => index < args.length)) {
      if (typeof piece === "string") continue;
      used++;
      const { letter } = piece.clause;
      const unfit = unfitPart(args[piece.index]!, letter, checked);
      if (unfit === undefined) continue;
      issues.report(unfit.offset, unfitArgument(letter, typeIn(checked, unfit).name).message);
      return;
    }
  } catch (error) {
    if (!(error instanceof FormatProblem)) throw error;
    issues.report(call.offset, error.message);
    return;
  }
  if (args.length <= used) return;
  const counts = `(expected ${used}, got ${args.length})`;
  issues.report(call.offset, `too many arguments supplied to string.format ${counts}`);
}

const typeIn = (checked: CheckedExpr, expr: Expr) => checked.types.get(expr.id) ?? ERROR;

/** The argument, or a part of a list or map within it, that the clause does not take. */
function unfitPart(arg: Expr, letter: string, checked: CheckedExpr): Expr | undefined {
  const { kind } = typeIn(checked, arg);
  if (kind !== "dyn" && !TAKEN[letter.toLowerCase()]!.includes(kind)) return arg;
  if (letter !== "s") return undefined;
  const parts =
    arg.kind === "list"
      ? arg.elements
      : arg.kind === "map"
        ? arg.entries.flatMap(({ key, value }) => [key, value])
        : [];
  for (const part of parts) {
    const unfit = unfitPart(part, letter, checked);
    if (unfit !== undefined) return unfit;
  }
  return undefined;
}
