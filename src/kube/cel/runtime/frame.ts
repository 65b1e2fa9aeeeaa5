import type { CallContext } from "../functions/declaration.ts";
import type { Result } from "../values/value.ts";
import type { CostMeter } from "./cost-meter.ts";

/** What an evaluation knows at one place: variables, and the meter of what it has cost. */
export interface Frame {
  /** The value of a variable; undefined where there is none. */
  lookup(name: string): Result | undefined;
  readonly meter: CostMeter;
  readonly context: CallContext;
}

/** The outermost frame: the variables that the caller binds, each made when it is first asked for. */
export class RootFrame implements Frame {
  readonly meter: CostMeter;
  readonly context: CallContext;
  readonly #bindings: (name: string) => Result | undefined;
  readonly #values = new Map<string, Result | undefined>();

  constructor(bindings: (name: string) => Result | undefined, meter: CostMeter, context: CallContext) {
    this.#bindings = bindings;
    this.meter = meter;
    this.context = context;
  }

  lookup(name: string): Result | undefined {
    if (!this.#values.has(name)) this.#values.set(name, this.#bindings(name));
    return this.#values.get(name);
  }
}
