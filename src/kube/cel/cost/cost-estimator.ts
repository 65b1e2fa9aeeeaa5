import type { CheckedExpr } from "../checker/checked-expr.ts";
import { textSize } from "../runtime/actual-size.ts";
import { LIST_COST, MAP_COST, STRUCT_COST } from "../runtime/aggregate-steps.ts";
import type {
  CallExpr,
  ComprehensionExpr,
  Expr,
  ListExpr,
  LiteralExpr,
  MapExpr,
  SelectExpr,
} from "../syntax/ast.ts";
import { ACCUMULATOR } from "../syntax/macros.ts";
import { type CelType, ERROR, isOptionalType } from "../types/cel-type.ts";
import { type Bounds, exactly, ONE, plus, times, UNBOUNDED, UNKNOWN_SIZE, union, ZERO } from "./bounds.ts";
import { type CallContextEstimate, estimateCall } from "./call-estimate.ts";
import type { CallEstimate, EstimatedNode, SizeEstimator } from "./estimated-node.ts";
import { type EntrySizes, EstimatorScopes } from "./estimator-scopes.ts";

/** Between which bounds evaluating an expression costs (cel-go, checker/cost.go), by what is known of sizes. */
export function estimateCost(checked: CheckedExpr, sizeOf: SizeEstimator = () => undefined): Bounds {
  return new CostEstimator(checked, sizeOf).cost(checked.expr);
}

class CostEstimator implements CallContextEstimate {
  readonly #checked: CheckedExpr;
  readonly #sizeOf: SizeEstimator;
  readonly #paths = new Map<number, readonly string[]>();
  readonly #sizes = new Map<number, Bounds>();
  readonly #entries = new Map<number, EntrySizes>();
  readonly #scopes = new EstimatorScopes();

  constructor(checked: CheckedExpr, sizeOf: SizeEstimator) {
    this.#checked = checked;
    this.#sizeOf = sizeOf;
  }

  cost(expr: Expr): Bounds {
    switch (expr.kind) {
      case "literal":
        return ZERO;
      case "ident":
        this.#paths.set(expr.id, this.#scopes.peek(expr.name)?.path ?? [expr.name]);
        return ONE;
      case "select":
        return this.#select(expr);
      case "call":
        return this.#call(expr);
      case "list":
        return this.#list(expr);
      case "map":
        return this.#map(expr);
      case "struct":
        return plus(...expr.fields.map(({ value }) => this.cost(value)), exactly(STRUCT_COST));
      case "comprehension":
        return isBind(expr) ? this.#bind(expr) : this.#comprehension(expr);
    }
  }

  #typeOf(expr: Expr): CelType {
    return this.#checked.types.get(expr.id) ?? ERROR;
  }

  pathOf(expr: Expr): readonly string[] {
    const local = expr.kind === "ident" ? this.#scopes.peek(expr.name) : undefined;
    return local?.path ?? this.#paths.get(expr.id) ?? [];
  }

  /** What costs of libraries are told of a part; accumulators stand for no path. */
  #node(expr: Expr): EstimatedNode {
    const path = this.pathOf(expr);
    const isAccumulated = path[0] === ACCUMULATOR || path[0] === "__result__";
    return { path: isAccumulated ? [] : path, type: this.#typeOf(expr), expr, size: this.size(expr) };
  }

  estimatorSize(node: EstimatedNode): Bounds | undefined {
    return this.#sizeOf(node);
  }

  size(expr: Expr): Bounds | undefined {
    const known = this.#sizes.get(expr.id) ?? writtenSize(expr);
    if (known !== undefined) return known;
    const type = this.#typeOf(expr);
    const path = this.pathOf(expr);
    const estimated = path.length === 0 ? undefined : this.#sizeOf({ path, type, expr });
    if (estimated !== undefined) {
      this.#sizes.set(expr.id, estimated);
      return estimated;
    }
    if (isScalar(type)) return ONE;
    return expr.kind === "ident" ? this.#scopes.peek(expr.name)?.size : undefined;
  }

  sizeOrUnknown(expr: Expr): Bounds {
    return this.size(expr) ?? UNKNOWN_SIZE;
  }

  entries(expr: Expr): EntrySizes | undefined {
    const local = expr.kind === "ident" ? this.#scopes.peek(expr.name) : undefined;
    return this.#entries.get(expr.id) ?? local?.entries;
  }

  setEntries(expr: Expr, entries: EntrySizes | undefined): void {
    if (entries !== undefined) this.#entries.set(expr.id, entries);
  }

  #setSize(expr: Expr, size: Bounds | undefined): void {
    if (size !== undefined) this.#sizes.set(expr.id, size);
  }

  #select(expr: SelectExpr): Bounds {
    const operand = this.cost(expr.operand);
    if (expr.testOnly) return operand;
    this.#paths.set(expr.id, [...this.pathOf(expr.operand), expr.field]);
    const { kind } = this.#typeOf(expr.operand);
    return kind === "map" || kind === "struct" || kind === "typeParam" ? plus(operand, ONE) : operand;
  }

  #list(expr: ListExpr): Bounds {
    const costs = expr.elements.map((element) => this.cost(element));
    this.setEntries(expr, { container: "list", key: ONE, value: this.#sizesOf(expr.elements) });
    return plus(...costs, exactly(LIST_COST));
  }

  #map(expr: MapExpr): Bounds {
    const costs = expr.entries.flatMap(({ key, value }) => [this.cost(key), this.cost(value)]);
    const key = this.#sizesOf(expr.entries.map((entry) => entry.key));
    const value = this.#sizesOf(expr.entries.map((entry) => entry.value));
    this.setEntries(expr, { container: "map", key, value });
    return plus(...costs, exactly(MAP_COST));
  }

  #sizesOf(exprs: readonly Expr[]): Bounds {
    if (exprs.length === 0) return ZERO;
    return exprs.map((expr) => this.sizeOrUnknown(expr)).reduce(union, { min: UNBOUNDED, max: 0 });
  }

  #call(expr: CallExpr): Bounds {
    if (expr.function === "dyn") return this.#dynamic(expr);
    const argCosts = expr.args.map((arg) => this.cost(arg));
    const args = expr.args.map((arg) => this.#node(arg));
    const reference = this.#checked.references.get(expr.id);
    if (reference?.kind !== "call") return ZERO;
    const targetExpr = reference.hasTarget ? expr.target : undefined;
    const targetCost = targetExpr === undefined ? ZERO : this.cost(targetExpr);
    const target = targetExpr === undefined ? undefined : this.#node(targetExpr);
    let cost: Bounds = { min: UNBOUNDED, max: 0 };
    let size: Bounds | undefined;
    for (const overloadId of reference.overloads) {
      const call = { expr, function: reference.function, overloadId, target, args, argCosts };
      const estimate = estimateCall(call, this);
      cost = union(cost, estimate.cost);
      size = this.#resultSize(expr, overloadId, estimate, size);
    }
    this.#setSize(expr, size);
    return plus(targetCost, cost);
  }

  #resultSize(
    expr: CallExpr,
    overloadId: string,
    estimate: CallEstimate,
    known: Bounds | undefined,
  ): Bounds | undefined {
    let size = known;
    if (estimate.size !== undefined) size = size === undefined ? estimate.size : union(size, estimate.size);
    const part = INDEXED[overloadId];
    const container = expr.args[0];
    if (part !== undefined && container !== undefined) {
      size = this.entries(container)?.value;
      this.#paths.set(expr.id, [...this.pathOf(container), part]);
    }
    return size ?? this.size(expr);
  }

  #dynamic(expr: CallExpr): Bounds {
    const arg = expr.args[0]!;
    const cost = this.cost(arg);
    this.#setSize(expr, this.size(arg));
    this.setEntries(expr, this.entries(arg));
    return plus(ONE, cost);
  }

  #comprehension(expr: ComprehensionExpr): Bounds {
    const start = plus(this.cost(expr.range), this.cost(expr.init));
    this.#pushAccumulator(expr);
    this.#pushVariables(expr);
    const condition = this.cost(expr.condition);
    const step = this.cost(expr.step);
    this.#scopes.pop(expr.variable);
    if (expr.secondVariable !== undefined) this.#scopes.pop(expr.secondVariable);
    const result = this.cost(expr.result);
    this.#scopes.pop(expr.accumulator);
    const count = this.sizeOrUnknown(expr.range);
    this.#setFoldSize(expr, count);
    return plus(start, result, times(count, plus(step, condition)));
  }

  #setFoldSize(expr: ComprehensionExpr, count: Bounds): void {
    if (expr.init.kind === "literal") this.#setSize(expr, this.size(expr.init));
    if (expr.init.kind !== "list" && expr.init.kind !== "map") return;
    this.#setSize(expr, count);
    this.setEntries(expr, this.entries(expr.step));
  }

  #pushAccumulator({ accumulator, init }: ComprehensionExpr): void {
    this.#scopes.push(accumulator, {
      path: this.pathOf(init),
      size: this.size(init),
      entries: this.entries(init),
    });
  }

  #pushVariables({ range, variable, secondVariable }: ComprehensionExpr): void {
    const entries = this.entries(range);
    const isList = (entries?.container ?? this.#typeOf(range).kind) === "list";
    const path = this.pathOf(range);
    const value = { path: [...path, isList ? "@items" : "@values"], size: entries?.value };
    if (secondVariable !== undefined) {
      this.#scopes.push(variable, { path: [...path, isList ? "@indices" : "@keys"], size: entries?.key });
      this.#scopes.push(secondVariable, value);
    } else if (isList) this.#scopes.push(variable, value);
    else this.#scopes.push(variable, { path: [...path, "@keys"], size: entries?.key });
  }

  #bind(expr: ComprehensionExpr): Bounds {
    const start = plus(this.cost(expr.range), this.cost(expr.init));
    this.#pushAccumulator(expr);
    const result = this.cost(expr.result);
    this.#scopes.pop(expr.accumulator);
    this.#setSize(expr, this.size(expr.result));
    this.setEntries(expr, this.entries(expr.result));
    return plus(start, result);
  }
}

const INDEXED: Record<string, string> = { index_list: "@items", index_map: "@values" };

/** A comprehension that only gives a value a name. */
function isBind({ range, condition, accumulator }: ComprehensionExpr): boolean {
  const isOverNothing = range.kind === "list" && range.elements.length === 0;
  return (
    isOverNothing && condition.kind === "literal" && condition.value === false && accumulator !== "__result__"
  );
}

/** What the size of a written value is. */
function writtenSize(expr: Expr): Bounds | undefined {
  if (expr.kind === "literal") return exactly(literalSize(expr));
  if (expr.kind === "list") return exactly(expr.elements.length);
  return expr.kind === "map" ? exactly(expr.entries.length) : undefined;
}

function literalSize({ value }: LiteralExpr): number {
  if (typeof value === "string") return textSize(value);
  return value instanceof Uint8Array ? value.length : 1;
}

const SCALARS = new Set(["bool", "double", "duration", "int", "timestamp", "uint"]);

function isScalar(type: CelType): boolean {
  return SCALARS.has(type.kind) || (isOptionalType(type) && isScalar(type.parameters[0]!));
}
