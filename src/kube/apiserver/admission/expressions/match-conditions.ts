import { A_BOOL, aggregateText } from "../../../api/index.ts";
import {
  BudgetSpent,
  type ExpressionInput,
  evaluateExpressions,
  type Outcome,
} from "./evaluate-expressions.ts";
import type { Expression, expressionCompiler } from "./expression.ts";

/** Roughly a quarter of a second. */
const BUDGET = 2_500_000;

export interface MatchCondition {
  name: string;
  expression: string;
}

/** The expressions that say which requests something is about, beside its rules (webhook/matchconditions). */
export class MatchConditions {
  readonly #conditions: readonly MatchCondition[];
  readonly #compiler: () => ReturnType<typeof expressionCompiler>;
  readonly #ignoresFailures: boolean;
  #compiled: readonly Expression[] | undefined;

  constructor(
    conditions: readonly MatchCondition[],
    compiler: () => ReturnType<typeof expressionCompiler>,
    { ignoresFailures }: { ignoresFailures: boolean },
  ) {
    this.#conditions = conditions;
    this.#compiler = compiler;
    this.#ignoresFailures = ignoresFailures;
  }

  /** Compiled when they are first needed. */
  get #expressions(): readonly Expression[] {
    if (this.#compiled) return this.#compiled;
    const compile = this.#compiler();
    this.#compiled = this.#conditions.map(({ expression }) => compile(expression, A_BOOL));
    return this.#compiled;
  }

  /**
   * Whether all hold. One that does not decides; otherwise those that fail keep the request from matching where failures
   * are ignored, and are thrown where not.
   */
  async hold(input: Omit<ExpressionInput, "namespaceObject" | "hasAuthorizer">): Promise<boolean> {
    if (this.#conditions.length === 0) return true;
    const errors: string[] = [];
    for (const outcome of await this.#outcomes(input)) {
      if (!outcome!.ok) errors.push(outcome!.error);
      else if (outcome!.value === false) return false;
    }
    if (errors.length === 0) return true;
    if (this.#ignoresFailures) return false;
    throw new Error(aggregateText(errors));
  }

  async #outcomes(input: Omit<ExpressionInput, "namespaceObject" | "hasAuthorizer">): Promise<Outcome[]> {
    try {
      const seen = { ...input, namespaceObject: undefined, hasAuthorizer: true };
      return (await evaluateExpressions(this.#expressions, seen, BUDGET)).outcomes;
    } catch (error) {
      if (!(error instanceof BudgetSpent)) throw error;
      return [{ ok: false, error: error.message }];
    }
  }
}
