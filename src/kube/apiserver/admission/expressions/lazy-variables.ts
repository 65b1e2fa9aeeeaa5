import {
  type AuthorizationAnswers,
  type Bindings,
  CelError,
  CelMap,
  type CelValue,
  type Result,
} from "../../../cel/index.ts";
import type { Expression } from "./expression.ts";

/** `variables`: each is worked out when it is first asked for, and then known (plugin/cel composition). */
export class LazyVariables extends CelMap {
  readonly #expressions: ReadonlyMap<string, Expression>;
  readonly #values = new Map<string, Result>();
  #spent = 0;
  #known: { answers: AuthorizationAnswers; bindings: Bindings } | undefined;

  constructor(expressions: ReadonlyMap<string, Expression>) {
    super();
    this.#expressions = expressions;
  }

  /** With what they are worked out until this is called again. */
  workWith(answers: AuthorizationAnswers, bindings: Bindings): void {
    this.#known = { answers, bindings };
  }

  /** What working them out has cost since this was last asked. */
  takeCost(): number {
    const spent = this.#spent;
    this.#spent = 0;
    return spent;
  }

  get size(): number {
    return this.#expressions.size;
  }

  find(key: CelValue): Result | undefined {
    const expression = typeof key === "string" ? this.#expressions.get(key) : undefined;
    if (!expression) return undefined;
    const name = key as string;
    const known = this.#values.get(name) ?? this.#workOut(name, expression);
    this.#values.set(name, known);
    return known;
  }

  keys(): Iterable<CelValue> {
    return this.#expressions.keys();
  }

  #workOut(name: string, { program, problem }: Expression): Result {
    const what = `composited variable ${JSON.stringify(name)} fails to`;
    if (!program) return new CelError(`${what} compile: ${problem}`);
    const { answers, bindings } = this.#known!;
    const evaluation = program.evaluateKnowing(answers, bindings);
    this.#spent += evaluation.cost;
    return evaluation.ok ? evaluation.value : new CelError(`${what} evaluate: ${evaluation.error}`);
  }
}
