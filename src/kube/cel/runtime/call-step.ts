import type { CelFunction, CelOverload } from "../functions/declaration.ts";
import { matchesSignature } from "../functions/runtime-signature.ts";
import { CelError, isError } from "../values/cel-error.ts";
import { keyText } from "../values/collections.ts";
import { typeOf } from "../values/type-of.ts";
import type { CelValue, Result } from "../values/value.ts";
import type { Frame } from "./frame.ts";
import type { Step } from "./step.ts";

/** What a call costs, by its arguments (of which some may be errors) and its result. */
export type CallCost = (args: readonly Result[], result: Result) => number;

/** A call of a function; `overloads` are those that the checker found possible. */
export class CallStep implements Step {
  readonly #declared: CelFunction;
  readonly #overloads: readonly CelOverload[];
  readonly #args: readonly Step[];
  readonly #cost: CallCost;

  constructor(
    declared: CelFunction,
    overloads: readonly CelOverload[],
    args: readonly Step[],
    cost: CallCost,
  ) {
    this.#declared = declared;
    this.#overloads = overloads;
    this.#args = args;
    this.#cost = cost;
  }

  evaluate(frame: Frame): Result {
    const args: Result[] = [];
    for (const arg of this.#args) {
      const value = arg.evaluate(frame);
      if (isError(value) && this.#stopsAtErrors) return value;
      args.push(value);
    }
    const result = args.find(isError) ?? this.#call(args as CelValue[], frame);
    frame.meter.add(this.#cost(args, result));
    return result;
  }

  /** Calls of one or two arguments evaluate, and charge for, all of them first. */
  get #stopsAtErrors(): boolean {
    const dispatchesByType = this.#overloads.length > 1 && this.#declared.evaluate === undefined;
    return this.#args.length > 2 || dispatchesByType;
  }

  #call(args: CelValue[], frame: Frame): Result {
    if (this.#declared.evaluate !== undefined) return this.#declared.evaluate(args, frame.context);
    const overload = this.#overloads.find((candidate) => matchesSignature(candidate, args));
    if (overload?.evaluate !== undefined) return overload.evaluate(args, frame.context);
    const types = args.map((arg) => typeOf(arg).name).join(", ");
    return new CelError(`no such overload: ${this.#declared.name}(${types})`);
  }
}

/** `x in [constants]`, which costs nothing. */
export class SetMembershipStep implements Step {
  readonly #operand: Step;
  readonly #keys: ReadonlySet<string>;

  constructor(operand: Step, keys: ReadonlySet<string>) {
    this.#operand = operand;
    this.#keys = keys;
  }

  evaluate(frame: Frame): Result {
    const value = this.#operand.evaluate(frame);
    if (isError(value)) return value;
    const key = keyText(value);
    return key !== undefined && this.#keys.has(key);
  }
}
