import { REGEX_LENGTH, TRAVERSAL } from "../runtime/cost-factors.ts";
import type { CallExpr, Expr } from "../syntax/ast.ts";
import { type Bounds, ONE, plus, scaled, times, UNKNOWN_SIZE, union } from "./bounds.ts";
import type { CallEstimate, EstimatedNode } from "./estimated-node.ts";
import type { EntrySizes } from "./estimator-scopes.ts";
import { libraryCallEstimate } from "./library-estimate.ts";

export interface EstimatedCall {
  expr: CallExpr;
  function: string;
  overloadId: string;
  target: EstimatedNode | undefined;
  args: readonly EstimatedNode[];
  argCosts: readonly Bounds[];
}

/** What the estimator knows of sizes. */
export interface CallContextEstimate {
  estimatorSize(node: EstimatedNode): Bounds | undefined;
  entries(expr: Expr): EntrySizes | undefined;
  setEntries(expr: Expr, entries: EntrySizes | undefined): void;
}

/** What one overload's call costs, its arguments included. */
export function estimateCall(call: EstimatedCall, context: CallContextEstimate): CallEstimate {
  const args = plus(...call.argCosts);
  const own: OwnEstimate | undefined =
    libraryCallEstimate(call, (node) => context.estimatorSize(node)) ??
    STANDARD[call.overloadId]?.(call, context);
  if (own?.includesArgs === true) return own;
  return { cost: plus(own?.cost ?? ONE, args), size: own?.size };
}

/** `includesArgs`: not all arguments are evaluated, and the cost says which. */
type OwnEstimate = CallEstimate & { includesArgs?: boolean };
type Estimate = (call: EstimatedCall, context: CallContextEstimate) => OwnEstimate | undefined;

const sizeOf = (node: EstimatedNode | undefined): Bounds => node?.size ?? UNKNOWN_SIZE;

const traverseFirst: Estimate = ({ args }) => ({ cost: scaled(sizeOf(args[0]), TRAVERSAL) });

const stringToBytes: Estimate = ({ args }) => {
  const size = sizeOf(args[0]);
  return { cost: scaled(size, TRAVERSAL), size: { min: size.min, max: size.max * 4 } };
};

const bytesToString: Estimate = ({ args }) => {
  const size = sizeOf(args[0]);
  return { cost: scaled(size, TRAVERSAL), size: { min: Math.floor(size.min / 4), max: size.max } };
};

const quote: Estimate = ({ args }) => {
  const size = sizeOf(args[0]);
  return { cost: scaled(size, TRAVERSAL), size: { min: size.min + 2, max: size.max * 2 + 2 } };
};

const matches: Estimate = ({ target, args }) => {
  const text = scaled(plus(sizeOf(target), ONE), TRAVERSAL);
  return { cost: times(text, scaled(sizeOf(args[0]), REGEX_LENGTH)) };
};

const contains: Estimate = ({ target, args }) => ({
  cost: times(scaled(sizeOf(target), TRAVERSAL), scaled(sizeOf(args[0]), TRAVERSAL)),
});

/** The first operand may decide alone. */
const logic: Estimate = ({ argCosts }) => {
  const [left, right] = argCosts as [Bounds, Bounds];
  return { cost: { min: left.min, max: plus(left, right).max }, includesArgs: true };
};

const conditional: Estimate = ({ expr, args, argCosts }, context) => {
  const [condition, whenTrue, whenFalse] = argCosts as [Bounds, Bounds, Bounds];
  context.setEntries(expr, unionEntries(context, expr.args[1]!, expr.args[2]!));
  const size = union(sizeOf(args[1]), sizeOf(args[2]));
  return { cost: plus(condition, union(whenTrue, whenFalse)), size, includesArgs: true };
};

const concatenation =
  (cost: (size: Bounds) => Bounds): Estimate =>
  ({ expr, args }, context) => {
    const size = plus(sizeOf(args[0]), sizeOf(args[1]));
    context.setEntries(expr, unionEntries(context, expr.args[0]!, expr.args[1]!));
    return { cost: cost(size), size };
  };

const comparison: Estimate = ({ args }) => {
  const max = Math.min(sizeOf(args[0]).max, sizeOf(args[1]).max);
  return { cost: scaled({ min: max > 0 ? 1 : 0, max }, TRAVERSAL) };
};

function unionEntries(context: CallContextEstimate, left: Expr, right: Expr): EntrySizes | undefined {
  const [mine, theirs] = [context.entries(left), context.entries(right)];
  if (mine === undefined || theirs === undefined) return undefined;
  const { container } = mine;
  return { container, key: union(mine.key, theirs.key), value: union(mine.value, theirs.value) };
}

function each(names: readonly string[], estimate: Estimate): Record<string, Estimate> {
  return Object.fromEntries(names.map((name) => [name, estimate]));
}

const STANDARD: Record<string, Estimate> = {
  string_format: ({ target }) => ({ cost: scaled(sizeOf(target), TRAVERSAL) }),
  string_to_bytes: stringToBytes,
  bytes_to_string: bytesToString,
  strings_quote: quote,
  ...each(["starts_with_string", "ends_with_string"], traverseFirst),
  in_list: ({ args }) => ({ cost: sizeOf(args[1]) }),
  matches_string: matches,
  contains_string: contains,
  ...each(["logical_or", "logical_and"], logic),
  conditional,
  add_list: concatenation(() => ONE),
  ...each(
    ["add_string", "add_bytes"],
    concatenation((size) => scaled(size, TRAVERSAL)),
  ),
  ...each(["less_string", "greater_string", "less_equals_string", "greater_equals_string"], comparison),
  ...each(["less_bytes", "greater_bytes", "less_equals_bytes", "greater_equals_bytes"], comparison),
  ...each(["equals", "not_equals"], comparison),
};
