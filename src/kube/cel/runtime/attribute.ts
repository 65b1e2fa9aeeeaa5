import { CelError, isError, noSuchOverload } from "../values/cel-error.ts";
import { formatValue } from "../values/format-value.ts";
import { typeOf } from "../values/type-of.ts";
import { CelUint } from "../values/uint.ts";
import { CelList, CelMap, CelOptional, type CelValue, type Result } from "../values/value.ts";
import type { Frame } from "./frame.ts";
import type { Step } from "./step.ts";

/** One selection or index. */
export interface Qualifier {
  /** The selection is `.?` or `[?]`: what is not there is `optional.none()`. */
  isOptional: boolean;
  /** Only asks whether it is there. */
  isPresenceTest: boolean;
  key(frame: Frame): Result;
}

/** Where a value comes from, before any selection. */
export abstract class Attribute {
  protected readonly qualifiers: Qualifier[] = [];

  addQualifier(qualifier: Qualifier): void {
    this.qualifiers.push(qualifier);
  }

  /** The value with all selections applied. What it costs beyond them is the caller's to say. */
  resolve(frame: Frame): Result {
    const source = this.source(frame);
    return isError(source) ? source : applyQualifiers(frame, source, this.qualifiers);
  }

  protected abstract source(frame: Frame): Result;
}

export class VariableAttribute extends Attribute {
  readonly #name: string;

  constructor(name: string) {
    super();
    this.#name = name;
  }

  protected source(frame: Frame): Result {
    const value = frame.lookup(this.#name);
    return value === undefined ? new CelError(`no such attribute(s): ${this.#name}`) : value;
  }
}

/** Selections on what another step answers. */
export class RelativeAttribute extends Attribute {
  readonly #operand: Step;

  constructor(operand: Step) {
    super();
    this.#operand = operand;
  }

  protected source(frame: Frame): Result {
    return this.#operand.evaluate(frame);
  }
}

/** `c ? a : b`; selections on it are made on the branch that is taken. */
export class ConditionalAttribute extends Attribute {
  readonly #condition: Step;
  readonly #whenTrue: Attribute;
  readonly #whenFalse: Attribute;

  constructor(condition: Step, whenTrue: Attribute, whenFalse: Attribute) {
    super();
    this.#condition = condition;
    this.#whenTrue = whenTrue;
    this.#whenFalse = whenFalse;
  }

  override addQualifier(qualifier: Qualifier): void {
    this.#whenTrue.addQualifier(qualifier);
    this.#whenFalse.addQualifier(qualifier);
  }

  protected source(frame: Frame): Result {
    const condition = this.#condition.evaluate(frame);
    if (condition === true) return this.#whenTrue.resolve(frame);
    if (condition === false) return this.#whenFalse.resolve(frame);
    return isError(condition) ? condition : noSuchOverload();
  }
}

function applyQualifiers(frame: Frame, source: CelValue, qualifiers: readonly Qualifier[]): Result {
  if (qualifiers.length === 0) return source;
  let isOptional = source instanceof CelOptional;
  let value: CelValue = source;
  if (source instanceof CelOptional) {
    if (source.value === undefined) return source;
    value = source.value;
  }
  for (const qualifier of qualifiers) {
    isOptional ||= qualifier.isOptional;
    const found = isOptional ? ifPresent(frame, value, qualifier) : qualify(frame, value, qualifier);
    if (isError(found)) return found;
    if (found === undefined) return CelOptional.NONE;
    value = found;
  }
  return isOptional ? new CelOptional(value) : value;
}

function qualify(frame: Frame, value: CelValue, qualifier: Qualifier): Result {
  const key = qualifier.key(frame);
  const found = isError(key) ? key : member(value, key, qualifier.isPresenceTest);
  frame.meter.add(1);
  if (qualifier.isPresenceTest) return isError(found) ? found : found !== undefined;
  return found === undefined ? missing(value, key as CelValue) : found;
}

function ifPresent(frame: Frame, value: CelValue, qualifier: Qualifier): Result | undefined {
  const key = qualifier.key(frame);
  const found = isError(key) ? key : member(value, key, true);
  if (found !== undefined && !isError(found)) frame.meter.add(1);
  return found;
}

function missing(value: CelValue, key: CelValue): CelError {
  const text = formatValue(key);
  return new CelError(value instanceof CelList ? `index out of bounds: ${text}` : `no such key: ${text}`);
}

/** What stands in a list or map at a key; undefined where nothing does. */
function member(value: CelValue, key: CelValue, mayBeAbsent: boolean): Result | undefined {
  if (value instanceof CelMap) return value.find(key);
  if (!(value instanceof CelList)) return mayBeAbsent ? undefined : missing(value, key);
  const index = indexOf(key);
  if (isError(index)) return index;
  return index >= 0 && index < value.size ? value.at(index) : undefined;
}

function indexOf(key: CelValue): number | CelError {
  if (typeof key === "bigint") return Number(key);
  if (key instanceof CelUint) return Number(key.value);
  if (typeof key !== "number") return new CelError(`unsupported index type '${typeOf(key).name}' in list`);
  return Number.isInteger(key) ? key : new CelError(`unsupported index value ${formatValue(key)} in list`);
}
