import type { CallContext } from "../functions/declaration.ts";
import { ACCUMULATOR } from "../syntax/macros.ts";
import { CelError, isError } from "../values/cel-error.ts";
import { GrowingList, GrowingMap } from "../values/collections.ts";
import { goTypeName } from "../values/go-type-name.ts";
import { CelList, CelMap, type Result } from "../values/value.ts";
import type { CostMeter } from "./cost-meter.ts";
import type { Frame } from "./frame.ts";
import type { Step } from "./step.ts";

export interface FoldParts {
  accumulator: string;
  variable: string;
  secondVariable: string | undefined;
  range: Step;
  init: Step;
  condition: Step;
  step: Step;
  result: Step;
}

/** A comprehension. */
export class FoldStep implements Step {
  readonly #parts: FoldParts;

  constructor(parts: FoldParts) {
    this.#parts = parts;
  }

  evaluate(frame: Frame): Result {
    const { range: rangeStep, secondVariable } = this.#parts;
    const range = rangeStep.evaluate(frame);
    if (isError(range)) return range;
    const fold = new FoldFrame(frame, this.#parts);
    if (range instanceof CelList) return fold.run(listEntries(range, secondVariable !== undefined));
    if (range instanceof CelMap) return fold.run(mapEntries(range, secondVariable !== undefined));
    const message =
      secondVariable === undefined
        ? `got '${goTypeName(range)}', expected iterable type`
        : `unsupported comprehension range type: ${goTypeName(range)}`;
    return new CelError(message);
  }
}

type Bound = [variable: Result, second: Result | undefined];

function* listEntries(list: CelList, withIndex: boolean): Generator<Bound> {
  let index = 0n;
  for (const element of list) yield withIndex ? [index++, element] : [element, undefined];
}

function* mapEntries(map: CelMap, withValue: boolean): Generator<Bound> {
  for (const key of map.keys()) yield [key, withValue ? map.find(key) : undefined];
}

/** The variables of one fold as it runs. The accumulator is made when it is first asked for. */
class FoldFrame implements Frame {
  readonly meter: CostMeter;
  readonly context: CallContext;
  readonly #outer: Frame;
  readonly #parts: FoldParts;
  #accumulated: Result | undefined;
  #bound: Bound | undefined;

  constructor(outer: Frame, parts: FoldParts) {
    this.#outer = outer;
    this.#parts = parts;
    this.meter = outer.meter;
    this.context = outer.context;
  }

  lookup(name: string): Result | undefined {
    const { accumulator, variable, secondVariable } = this.#parts;
    if (name === accumulator) {
      this.#accumulated ??= this.#initial();
      return this.#accumulated;
    }
    if (this.#bound !== undefined) {
      if (name === variable) return this.#bound[0];
      if (name === secondVariable) return this.#bound[1];
    }
    return this.#outer.lookup(name);
  }

  run(entries: Iterable<Bound>): Result {
    for (const bound of entries) {
      this.#bound = bound;
      if (this.#parts.condition.evaluate(this) === false) break;
      this.#accumulated = this.#parts.step.evaluate(this);
    }
    this.#bound = undefined;
    const result = this.#parts.result.evaluate(this);
    return result instanceof GrowingList ? result.toList() : result;
  }

  /** What a macro collects in, nobody else sees: it may grow in place. */
  #initial(): Result {
    const value = this.#parts.init.evaluate(this.#outer);
    if (this.#parts.accumulator !== ACCUMULATOR) return value;
    if (value instanceof CelList && value.size === 0) return new GrowingList();
    return value instanceof CelMap && value.size === 0 ? new GrowingMap() : value;
  }
}
