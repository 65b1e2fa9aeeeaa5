import { CelError } from "../values/cel-error.ts";
import { CelOptional, type Result } from "../values/value.ts";
import { type Attribute, ConditionalAttribute, type Qualifier } from "./attribute.ts";
import type { Frame } from "./frame.ts";

/** One part of a program. */
export interface Step {
  evaluate(frame: Frame): Result;
}

/** A constant, which costs nothing. */
export class ConstantStep implements Step {
  readonly value: Result;

  constructor(value: Result) {
    this.value = value;
  }

  evaluate(): Result {
    return this.value;
  }
}

/** A name or an operand with the selections and indices behind it. */
export class AttributeStep implements Step {
  readonly attribute: Attribute;

  constructor(attribute: Attribute) {
    this.attribute = attribute;
  }

  evaluate(frame: Frame): Result {
    const value = this.attribute.resolve(frame);
    if (!(this.attribute instanceof ConditionalAttribute)) frame.meter.add(1);
    return value;
  }

  addQualifier(qualifier: Qualifier): void {
    this.attribute.addQualifier(qualifier);
  }
}

/** `has(x.y)`: its last selection costs, the presence test itself does not. */
export class PresenceStep extends AttributeStep {
  override evaluate(frame: Frame): Result {
    const value = this.attribute.resolve(frame);
    if (this.attribute instanceof ConditionalAttribute) frame.meter.add(-1);
    if (value instanceof CelError) return value;
    return value instanceof CelOptional ? value.value !== undefined : value;
  }
}
