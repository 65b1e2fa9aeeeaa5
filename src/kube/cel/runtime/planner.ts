import type { CheckedExpr } from "../checker/checked-expr.ts";
import { CONVERSION_NAMES } from "../functions/conversions.ts";
import { type CelFunction, type CelOverload, NO_AUTHORIZER } from "../functions/declaration.ts";
import {
  type CallExpr,
  type ComprehensionExpr,
  type Expr,
  type ListExpr,
  type MapExpr,
  OPERATOR,
  type SelectExpr,
  type StructExpr,
} from "../syntax/ast.ts";
import { CelError, isError } from "../values/cel-error.ts";
import { keyText } from "../values/collections.ts";
import { CelList, type CelValue, type Result } from "../values/value.ts";
import { ListStep, MapStep, StructStep } from "./aggregate-steps.ts";
import {
  type Attribute,
  ConditionalAttribute,
  type Qualifier,
  RelativeAttribute,
  VariableAttribute,
} from "./attribute.ts";
import { type CallCost, CallStep, SetMembershipStep } from "./call-step.ts";
import { CostMeter } from "./cost-meter.ts";
import { FoldStep } from "./fold-step.ts";
import { RootFrame } from "./frame.ts";
import { EqualityStep, LogicStep, NotStrictlyFalseStep, OptionalOrStep } from "./operator-steps.ts";
import { AttributeStep, ConstantStep, PresenceStep, type Step } from "./step.ts";

export interface PlannerOptions {
  functions: ReadonlyMap<string, CelFunction>;
  /** What a call of an overload (of none where several are possible) costs. */
  costOf(functionName: string, overloadId: string): CallCost;
  /** Refuses a constant argument that the function could never take (a bad pattern). */
  checkConstants(functionName: string, args: readonly (CelValue | undefined)[]): CelError | undefined;
}

/** A constant part of the expression is an error: there will be no program. */
export class ProgramError extends Error {}

/** Makes the program of a checked expression; what is constant is evaluated now. Throws ProgramError. */
export function plan(checked: CheckedExpr, options: PlannerOptions): Step {
  return new Planner(checked, options).plan(checked.expr);
}

class Planner {
  readonly #checked: CheckedExpr;
  readonly #options: PlannerOptions;

  constructor(checked: CheckedExpr, options: PlannerOptions) {
    this.#checked = checked;
    this.#options = options;
  }

  plan(expr: Expr): Step {
    switch (expr.kind) {
      case "literal":
        return new ConstantStep(expr.value);
      case "ident":
        return this.#named(expr.id, expr.name);
      case "select":
        return this.#select(expr);
      case "call":
        return this.#call(expr);
      case "list":
        return this.#list(expr);
      case "map":
        return this.#map(expr);
      case "struct":
        return this.#struct(expr);
      case "comprehension":
        return this.#comprehension(expr);
    }
  }

  #named(id: number, written: string): Step {
    const reference = this.#checked.references.get(id);
    if (reference?.kind === "type") return new ConstantStep(reference.type);
    const name = reference?.kind === "variable" ? reference.name : written;
    return new AttributeStep(new VariableAttribute(name));
  }

  #select(expr: SelectExpr): Step {
    if (this.#checked.references.has(expr.id)) return this.#named(expr.id, expr.field);
    const operand = this.#attributeStep(expr.operand);
    const step = expr.testOnly ? new PresenceStep(operand.attribute) : operand;
    step.addQualifier(constantKey(expr.field, { isOptional: false, isPresenceTest: expr.testOnly }));
    return step;
  }

  /** An operand that selections can be added to. */
  #attributeStep(expr: Expr): AttributeStep {
    const step = this.plan(expr);
    return step instanceof AttributeStep ? step : new AttributeStep(new RelativeAttribute(step));
  }

  #call(expr: CallExpr): Step {
    const reference = this.#checked.references.get(expr.id);
    if (reference?.kind !== "call") throw new ProgramError(`no such overload: ${expr.function}`);
    const [first, second, third] = expr.args as [Expr, Expr, Expr];
    switch (reference.function) {
      case OPERATOR.index:
        return this.#index(first, second, false);
      case OPERATOR.optionalIndex:
      case OPERATOR.optionalSelect:
        return this.#index(first, second, true);
      case OPERATOR.conditional:
        return this.#conditional(first, second, third);
    }
    const operands = reference.hasTarget ? [expr.target!, ...expr.args] : expr.args;
    const args = operands.map((arg) => this.plan(arg));
    return this.#operator(reference.function, args) ?? this.#function(reference, args);
  }

  #operator(name: string, args: Step[]): Step | undefined {
    const [left, right] = args as [Step, Step];
    switch (name) {
      case OPERATOR.and:
        return new LogicStep(false, args);
      case OPERATOR.or:
        return new LogicStep(true, args);
      case OPERATOR.equals:
        return new EqualityStep(true, left, right, this.#options.costOf(name, "equals"));
      case OPERATOR.notEquals:
        return new EqualityStep(false, left, right, this.#options.costOf(name, "not_equals"));
      case OPERATOR.notStrictlyFalse:
        return new NotStrictlyFalseStep(left);
      case "or":
        return new OptionalOrStep(left, right, false);
      case "orValue":
        return new OptionalOrStep(left, right, true);
    }
    return undefined;
  }

  #function(reference: { function: string; overloads: string[] }, args: Step[]): Step {
    const declared = this.#options.functions.get(reference.function)!;
    const overloads = declared.overloads.filter(({ id }) => reference.overloads.includes(id));
    const overloadId = overloads.length === 1 ? overloads[0]!.id : "";
    const constants = args.map((arg) => (arg instanceof ConstantStep ? (arg.value as CelValue) : undefined));
    const problem = this.#options.checkConstants(declared.name, constants);
    if (problem !== undefined) throw new ProgramError(problem.message);
    if (overloadId === "in_list" && args[1] instanceof ConstantStep) {
      const membership = setMembership(args[0]!, args[1].value);
      if (membership !== undefined) return membership;
    }
    return this.#folded(declared, overloads, overloadId, args);
  }

  #folded(declared: CelFunction, overloads: CelOverload[], overloadId: string, args: Step[]): Step {
    const step = new CallStep(declared, overloads, args, this.#options.costOf(declared.name, overloadId));
    const isConstant = args.length === 1 && args[0] instanceof ConstantStep;
    if (!isConstant || !CONVERSION_NAMES.has(declared.name)) return step;
    return this.#evaluated(step);
  }

  /** The step's value, known already. */
  #evaluated(step: Step): Step {
    const noVariables = () => undefined;
    const value = step.evaluate(new RootFrame(noVariables, new CostMeter(Infinity), NO_AUTHORIZER));
    if (isError(value)) throw new ProgramError(value.message);
    return new ConstantStep(value);
  }

  #index(operandExpr: Expr, indexExpr: Expr, isOptional: boolean): Step {
    const operand = this.#attributeStep(operandExpr);
    operand.addQualifier(this.#key(this.plan(indexExpr), isOptional));
    return operand;
  }

  #key(index: Step, isOptional: boolean): Qualifier {
    const flags = { isOptional, isPresenceTest: false };
    if (index instanceof ConstantStep) return constantKey(index.value, flags);
    // What is named costs no more than the selection itself.
    if (index instanceof AttributeStep) return { ...flags, key: (frame) => index.attribute.resolve(frame) };
    return { ...flags, key: (frame) => index.evaluate(frame) };
  }

  #conditional(condition: Expr, whenTrue: Expr, whenFalse: Expr): Step {
    const test = this.plan(condition);
    return new AttributeStep(new ConditionalAttribute(test, this.#branch(whenTrue), this.#branch(whenFalse)));
  }

  #branch(expr: Expr): Attribute {
    const step = this.plan(expr);
    return step instanceof AttributeStep ? step.attribute : new RelativeAttribute(step);
  }

  #list(expr: ListExpr): Step {
    const elements = expr.elements.map((element, at) => ({
      step: this.plan(element),
      optional: expr.optionals.has(at),
    }));
    const step = new ListStep(elements);
    return elements.every((element) => element.step instanceof ConstantStep) ? this.#evaluated(step) : step;
  }

  #map(expr: MapExpr): Step {
    const entries = expr.entries.map(({ key, value, optional }) => ({
      key: this.plan(key),
      step: this.plan(value),
      optional,
    }));
    const step = new MapStep(entries);
    const areConstant = entries.every(
      (entry) => entry.key instanceof ConstantStep && entry.step instanceof ConstantStep,
    );
    return areConstant ? this.#evaluated(step) : step;
  }

  #struct(expr: StructExpr): Step {
    const typeName = expr.typeName.replace(/^\./, "");
    return new StructStep(
      typeName,
      expr.fields.map(({ value }) => this.plan(value)),
    );
  }

  #comprehension(expr: ComprehensionExpr): Step {
    const { accumulator, variable, secondVariable } = expr;
    return new FoldStep({
      ...{ accumulator, variable, secondVariable },
      init: this.plan(expr.init),
      range: this.plan(expr.range),
      condition: this.plan(expr.condition),
      step: this.plan(expr.step),
      result: this.plan(expr.result),
    });
  }
}

function constantKey(value: Result, flags: Omit<Qualifier, "key">): Qualifier {
  return { ...flags, key: () => value };
}

/** Membership in a list of constants, where all of them are scalars. */
function setMembership(operand: Step, list: Result): Step | undefined {
  if (!(list instanceof CelList)) return undefined;
  if (list.size === 0) return new ConstantStep(false);
  const keys = new Set<string>();
  for (const element of list) {
    const key = element instanceof CelError || element === null ? undefined : keyText(element);
    if (key === undefined) return undefined;
    keys.add(key);
  }
  return new SetMembershipStep(operand, keys);
}
