import type { SizeEstimator } from "../cost/estimated-node.ts";
import type { CelEnvironment } from "../environment.ts";
import type { Bindings } from "../program.ts";
import type { Fact } from "./fact.ts";
import { showValue } from "./show-value.ts";

/** What a bound may grow to and still be known exactly. */
const LARGEST_KNOWN = 2 ** 53;

/** What the environment makes of an expression, in the form of a fact. */
export function factOf(
  environment: CelEnvironment,
  expression: string,
  bindings: Bindings = {},
  sizeOf?: SizeEstimator,
): Fact {
  const compiled = environment.compile(expression);
  if (!compiled.ok) {
    const { stage, message } = compiled;
    return [expression, stage === "program" ? `no program: ${message}` : message];
  }
  const evaluation = compiled.program.evaluate(bindings);
  const outcome = evaluation.ok ? showValue(evaluation.value) : `error: ${evaluation.error}`;
  const { min, max } = compiled.program.estimateCost(sizeOf);
  return [expression, outcome, evaluation.cost, min, max > LARGEST_KNOWN ? Infinity : max];
}
