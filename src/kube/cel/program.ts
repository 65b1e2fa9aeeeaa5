import type { CheckedExpr } from "./checker/checked-expr.ts";
import type { Bounds } from "./cost/bounds.ts";
import { estimateCost } from "./cost/cost-estimator.ts";
import type { SizeEstimator } from "./cost/estimated-node.ts";
import type { Authorize } from "./functions/authorization.ts";
import { type CallContext, NO_AUTHORIZER } from "./functions/declaration.ts";
import { AuthorizationAnswers } from "./runtime/authorization-answers.ts";
import { CostLimitExceeded, CostMeter } from "./runtime/cost-meter.ts";
import { RootFrame } from "./runtime/frame.ts";
import type { Step } from "./runtime/step.ts";
import { isError } from "./values/cel-error.ts";
import type { CelValue, Result } from "./values/value.ts";

/** What one evaluation of one expression may cost at most in Kubernetes. */
export const PER_CALL_LIMIT = 1_000_000;

/** The values of variables; those that are functions are made when they are first asked for. */
export type Bindings = Readonly<Record<string, Result | (() => Result)>>;

export interface EvaluateOptions {
  /** PER_CALL_LIMIT where none is given. */
  costBudget?: number;
}

/** A value, or the error in cel-go's words; and what finding it has cost. `isCancelled`: the budget was spent. */
export type Evaluation =
  | { ok: true; value: CelValue; cost: number }
  | { ok: false; error: string; isCancelled: boolean; cost: number };

/** An expression ready to be evaluated. */
export class Program {
  readonly checked: CheckedExpr;
  readonly #step: Step;

  constructor(checked: CheckedExpr, step: Step) {
    this.checked = checked;
    this.#step = step;
  }

  /** Evaluates at once. There is no authorizer: a check is one that fails. */
  evaluate(bindings: Bindings, { costBudget = PER_CALL_LIMIT }: EvaluateOptions = {}): Evaluation {
    return this.#run(bindings, costBudget, NO_AUTHORIZER);
  }

  /**
   * Evaluates with an authorizer. An expression that asks it is evaluated anew once the answer is there; what it costs
   * is what the last evaluation did.
   */
  async evaluateWith(
    authorize: Authorize,
    bindings: Bindings,
    { costBudget = PER_CALL_LIMIT, signal }: EvaluateOptions & { signal?: AbortSignal } = {},
  ): Promise<Evaluation> {
    const answers = new AuthorizationAnswers();
    return answers.settle(authorize, () => {
      signal?.throwIfAborted();
      return this.evaluateKnowing(answers, bindings, { costBudget });
    });
  }

  /** Evaluates at once with answers that are known, and throws where more are needed: for `settle` of the answers. */
  evaluateKnowing(
    answers: AuthorizationAnswers,
    bindings: Bindings,
    { costBudget = PER_CALL_LIMIT }: EvaluateOptions = {},
  ): Evaluation {
    return this.#run(bindings, costBudget, answers);
  }

  /** Between which bounds an evaluation costs; `sizeOf` knows of sizes (`schemaSizes`). */
  estimateCost(sizeOf?: SizeEstimator): Bounds {
    return estimateCost(this.checked, sizeOf);
  }

  /** Whether the expression asks for the variable. */
  usesVariable(name: string): boolean {
    const references = [...this.checked.references.values()];
    return references.some((reference) => reference.kind === "variable" && reference.name === name);
  }

  #run(bindings: Bindings, costBudget: number, context: CallContext): Evaluation {
    const meter = new CostMeter(costBudget);
    try {
      const value = this.#step.evaluate(new RootFrame((name) => bound(bindings, name), meter, context));
      const cost = meter.spent;
      if (isError(value)) return { ok: false, error: value.message, isCancelled: false, cost };
      return { ok: true, value, cost };
    } catch (error) {
      if (!(error instanceof CostLimitExceeded)) throw error;
      return { ok: false, error: error.message, isCancelled: true, cost: meter.spent };
    }
  }
}

function bound(bindings: Bindings, name: string): Result | undefined {
  const value = Object.hasOwn(bindings, name) ? bindings[name] : undefined;
  return typeof value === "function" ? value() : value;
}
