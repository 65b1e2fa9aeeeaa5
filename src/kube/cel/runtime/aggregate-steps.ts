import { CelError, isError } from "../values/cel-error.ts";
import { ValueList, ValueMap } from "../values/collections.ts";
import { formatValue } from "../values/format-value.ts";
import { CelOptional, type CelValue, type Result } from "../values/value.ts";
import type { Frame } from "./frame.ts";
import type { Step } from "./step.ts";

export const LIST_COST = 10;
export const MAP_COST = 30;
export const STRUCT_COST = 40;

export interface Element {
  step: Step;
  /** Written `?x`: only a value that is there becomes an element. */
  optional: boolean;
}

export class ListStep implements Step {
  readonly elements: readonly Element[];

  constructor(elements: readonly Element[]) {
    this.elements = elements;
  }

  evaluate(frame: Frame): Result {
    const result = this.#build(frame);
    frame.meter.add(LIST_COST);
    return result;
  }

  #build(frame: Frame): Result {
    const values: CelValue[] = [];
    for (const { step, optional } of this.elements) {
      const value = step.evaluate(frame);
      if (isError(value)) return value;
      if (!optional) values.push(value);
      else if (!(value instanceof CelOptional))
        return new CelError(
          `cannot initialize optional list element from non-optional value ${formatValue(value)}`,
        );
      else if (value.value !== undefined) values.push(value.value);
    }
    return new ValueList(values);
  }
}

export interface Entry extends Element {
  key: Step;
}

export class MapStep implements Step {
  readonly entries: readonly Entry[];

  constructor(entries: readonly Entry[]) {
    this.entries = entries;
  }

  evaluate(frame: Frame): Result {
    const result = this.#build(frame);
    frame.meter.add(MAP_COST);
    return result;
  }

  #build(frame: Frame): Result {
    const map = new ValueMap();
    for (const { key: keyStep, step, optional } of this.entries) {
      const key = keyStep.evaluate(frame);
      if (isError(key)) return key;
      const value = step.evaluate(frame);
      if (isError(value)) return value;
      const problem = optional ? setOptional(map, key, value) : map.set(key, value);
      if (problem !== undefined) return problem;
    }
    return map;
  }
}

function setOptional(map: ValueMap, key: CelValue, value: CelValue): CelError | undefined {
  if (!(value instanceof CelOptional)) {
    const [name, text] = [formatValue(key), formatValue(value)];
    return new CelError(`cannot initialize optional entry '${name}' from non-optional value ${text}`);
  }
  if (value.value !== undefined) return map.set(key, value.value);
  map.delete(key);
  return undefined;
}

/** Objects cannot be made: their types come from schemas, which know of no construction. */
export class StructStep implements Step {
  readonly #typeName: string;
  readonly #values: readonly Step[];

  constructor(typeName: string, values: readonly Step[]) {
    this.#typeName = typeName;
    this.#values = values;
  }

  evaluate(frame: Frame): Result {
    for (const step of this.#values) {
      const value = step.evaluate(frame);
      if (isError(value)) return value;
    }
    frame.meter.add(STRUCT_COST);
    return new CelError(`unknown type '${this.#typeName}'`);
  }
}
