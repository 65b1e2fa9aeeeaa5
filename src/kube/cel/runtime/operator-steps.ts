import { isError, noSuchOverload } from "../values/cel-error.ts";
import { equals } from "../values/equality.ts";
import { CelOptional, type Result } from "../values/value.ts";
import type { CallCost } from "./call-step.ts";
import type { Frame } from "./frame.ts";
import type { Step } from "./step.ts";

/** `&&` and `||`: one operand may decide alone, even where the other is an error. */
export class LogicStep implements Step {
  readonly #deciding: boolean;
  readonly #terms: readonly Step[];

  constructor(deciding: boolean, terms: readonly Step[]) {
    this.#deciding = deciding;
    this.#terms = terms;
  }

  evaluate(frame: Frame): Result {
    let problem: Result | undefined;
    for (const term of this.#terms) {
      const value = term.evaluate(frame);
      if (value === this.#deciding) return value;
      if (typeof value !== "boolean") problem ??= isError(value) ? value : noSuchOverload();
    }
    return problem ?? !this.#deciding;
  }
}

/** `==` and `!=`. */
export class EqualityStep implements Step {
  readonly #expected: boolean;
  readonly #left: Step;
  readonly #right: Step;
  readonly #cost: CallCost;

  constructor(expected: boolean, left: Step, right: Step, cost: CallCost) {
    this.#expected = expected;
    this.#left = left;
    this.#right = right;
    this.#cost = cost;
  }

  evaluate(frame: Frame): Result {
    const left = this.#left.evaluate(frame);
    const right = this.#right.evaluate(frame);
    const result = this.#compare(left, right);
    frame.meter.add(this.#cost([left, right], result));
    return result;
  }

  #compare(left: Result, right: Result): Result {
    if (isError(left)) return left;
    if (isError(right)) return right;
    const isEqual = equals(left, right);
    // What cannot be compared is not equal to cel-go's `!=`.
    if (isError(isEqual)) return this.#expected ? isEqual : true;
    return isEqual === this.#expected;
  }
}

/** What a fold's condition asks: is it anything but false? */
export class NotStrictlyFalseStep implements Step {
  readonly #operand: Step;

  constructor(operand: Step) {
    this.#operand = operand;
  }

  evaluate(frame: Frame): Result {
    const value = this.#operand.evaluate(frame);
    frame.meter.add(1);
    return typeof value === "boolean" ? value : true;
  }
}

/** `x.or(y)` and `x.orValue(y)`: the second is evaluated only where the first has no value. */
export class OptionalOrStep implements Step {
  readonly #left: Step;
  readonly #right: Step;
  readonly #unwraps: boolean;

  constructor(left: Step, right: Step, unwraps: boolean) {
    this.#left = left;
    this.#right = right;
    this.#unwraps = unwraps;
  }

  evaluate(frame: Frame): Result {
    const left = this.#left.evaluate(frame);
    if (!(left instanceof CelOptional)) return left;
    if (left.value === undefined) return this.#right.evaluate(frame);
    return this.#unwraps ? left.value : left;
  }
}
