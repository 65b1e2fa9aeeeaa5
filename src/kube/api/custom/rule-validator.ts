import { isJsonObject } from "../../../formats/index.ts";
import { type Bindings, CelOptional, type Evaluation, isError, schemaValue } from "../../cel/index.ts";
import { invalid } from "../field-error.ts";
import type { FieldError } from "../types.ts";
import type { Correlation } from "./correlation.ts";
import { childPath, keyPath, NO_PATH } from "./field-path.ts";
import { mapListOf } from "./map-list.ts";
import type { CompiledRule } from "./rule-compiler.ts";
import {
  costlyMessage,
  evaluationFailure,
  MESSAGE_OUT_OF_BUDGET,
  OUT_OF_BUDGET,
  ruleFailure,
  shownMessage,
} from "./rule-failure.ts";
import type { RuleTree } from "./rule-tree.ts";

/** What all rules of one object may cost together. */
export const OBJECT_COST_BUDGET = 10_000_000;

export interface RuleOptions {
  path?: string;
  /** What stood in the value's place before; transition rules ask for it. */
  previous?: unknown;
  /** What of the value was there before: where that breaks a rule unchanged, it is only warned of. */
  correlation?: Correlation | undefined;
  warnings?: string[] | undefined;
  budget?: number;
}

export interface RuleResult {
  errors: FieldError[];
  /** What is left of the budget; below zero: nothing further is to be looked at. */
  budget: number;
}

/** What a value breaks of the rules in its schema (apiextensions-apiserver cel.Validator.Validate). */
export function validateRulesOf(value: unknown, tree: RuleTree, options: RuleOptions = {}): RuleResult {
  const { path = "", previous, correlation, warnings, budget = OBJECT_COST_BUDGET } = options;
  const walk = new RuleWalk(budget, warnings);
  walk.visit(tree, { path, value, previous, correlation });
  return { errors: walk.errors, budget: walk.budget };
}

interface Place {
  path: string;
  value: unknown;
  previous: unknown;
  correlation?: Correlation | undefined;
  /** The nearest around it that can be told from what it was. */
  around?: Correlation | undefined;
}

class RuleWalk {
  readonly errors: FieldError[] = [];
  budget: number;
  readonly #warnings: string[] | undefined;

  constructor(budget: number, warnings: string[] | undefined) {
    this.budget = budget;
    this.#warnings = warnings;
  }

  /** Values that are null are not looked at: rules about them stand around them. */
  visit(tree: RuleTree | undefined, place: Place): void {
    if (tree === undefined || this.#isOver || place.value === null || place.value === undefined) return;
    this.#applyRules(tree, place);
    if (Array.isArray(place.value)) this.#visitItems(tree, place, place.value);
    else if (isJsonObject(place.value)) this.#visitFields(tree, place, place.value);
  }

  get #isOver(): boolean {
    return this.budget < 0;
  }

  #visitItems(tree: RuleTree, place: Place, items: readonly unknown[]): void {
    if (tree.items === undefined) return;
    const before = mapListOf(tree.schema, Array.isArray(place.previous) ? place.previous : []);
    items.forEach((value, index) => {
      const path = `${place.path}[${index}]`;
      const previous = before.get(value);
      this.visit(tree.items, { path, value, previous, ...inner(place, (whole) => whole.item(index)) });
    });
  }

  #visitFields(tree: RuleTree, place: Place, fields: Record<string, unknown>): void {
    const visit = (field: RuleTree | undefined, path: string, name: string) => {
      const previous = fieldBefore(tree, place, name);
      this.visit(field, { path, value: fields[name], previous, ...ofField(place, name) });
    };
    for (const name of Object.keys(fields)) visit(tree.values, keyPath(place.path, name), name);
    for (const name of Object.keys(fields))
      visit(tree.properties.get(name), childPath(place.path, name), name);
  }

  #applyRules(tree: RuleTree, place: Place): void {
    const { type } = tree.schema;
    const fail = (detail: string) => this.errors.push(invalid(place.path || NO_PATH, type, detail));
    if (tree.isUntyped) {
      fail("rule compiler initialization error: failed to convert to declType for CEL validation rules");
      return;
    }
    if (tree.rules.length === 0) return;
    if (this.budget <= 0) {
      fail(OUT_OF_BUDGET);
      this.budget = -1;
      return;
    }
    const bindings = new RuleBindings(tree, place);
    for (const rule of tree.rules) {
      if (rule.error !== undefined) fail(`rule compile error: ${rule.error}`);
      else if (bindings.suffice(rule)) this.#applyRule(rule, place, type, bindings.of(rule));
      if (this.#isOver) return;
    }
  }

  #applyRule(compiled: CompiledRule, place: Place, type: string, bindings: Bindings): void {
    const { rule, program } = compiled;
    if (program === undefined) return;
    const evaluation = program.evaluate(bindings);
    const fail = (detail: string) => this.errors.push(invalid(place.path || NO_PATH, type, detail));
    if (!this.#pay(evaluation)) {
      fail(OUT_OF_BUDGET);
    } else if (!evaluation.ok) {
      fail(evaluationFailure(rule, evaluation));
      if (evaluation.isCancelled) this.budget = -1;
    } else if (evaluation.value !== true) {
      const path = compiled.fieldPath === "" ? place.path : childPath(place.path, compiled.fieldPath);
      this.#tell(this.#failure(compiled, path || NO_PATH, type, bindings), compiled, place);
    }
  }

  /** Whether there was enough left. */
  #pay({ cost }: Evaluation): boolean {
    const isEnough = cost <= this.budget;
    this.budget = isEnough ? this.budget - cost : -1;
    return isEnough;
  }

  #failure({ rule, message }: CompiledRule, path: string, type: string, bindings: Bindings): FieldError {
    if (message.program === undefined) return ruleFailure(path, type, rule);
    const evaluation = message.program.evaluate(bindings);
    if (!this.#pay(evaluation)) return invalid(path, type, MESSAGE_OUT_OF_BUDGET);
    if (!evaluation.ok && evaluation.isCancelled) {
      this.budget = -1;
      return invalid(path, type, costlyMessage(rule));
    }
    return ruleFailure(path, type, rule, shownMessage(evaluation));
  }

  /** What an update leaves unchanged may go on to break rules, unless they are about the change. */
  #tell(error: FieldError, { usesOldSelf }: CompiledRule, { correlation, around }: Place): void {
    const isUnchanged = (correlation ?? around)?.isUnchanged ?? false;
    if (!usesOldSelf && isUnchanged) this.#warnings?.push(`${error.field}: ${error.message}`);
    else this.errors.push(error);
  }
}

/** The variables of rules at one place. */
class RuleBindings {
  readonly #tree: RuleTree;
  readonly #previous: unknown;
  readonly #self: Bindings[string];

  constructor(tree: RuleTree, { value, previous }: Place) {
    this.#tree = tree;
    this.#previous = previous ?? undefined;
    this.#self = schemaValue(value, tree.valueSchema);
  }

  /** Rules about a change are left where there was nothing, unless they can do without. */
  suffice({ rule, usesOldSelf }: CompiledRule): boolean {
    return !usesOldSelf || this.#previous !== undefined || rule.optionalOldSelf === true;
  }

  of({ rule }: CompiledRule): Bindings {
    const isOptional = rule.optionalOldSelf === true;
    const isThere = this.#usesOldSelf && (isOptional || this.#previous !== undefined);
    return isThere ? { self: this.#self, oldSelf: () => this.#oldSelf(isOptional) } : { self: this.#self };
  }

  #oldSelf(isOptional: boolean) {
    if (this.#previous === undefined) return CelOptional.NONE;
    const value = schemaValue(this.#previous, this.#tree.valueSchema);
    return isOptional && !isError(value) ? new CelOptional(value) : value;
  }

  get #usesOldSelf(): boolean {
    return this.#tree.rules.some((rule) => rule.usesOldSelf);
  }
}

/** `granular` and `atomic` maps, whatever else there may be once. */
function fieldBefore({ schema }: RuleTree, { previous }: Place, name: string): unknown {
  const isCorrelatable = [undefined, "granular", "atomic"].includes(schema.mapType);
  return isCorrelatable && isJsonObject(previous) && Object.hasOwn(previous, name)
    ? previous[name]
    : undefined;
}

type Ancestry = Pick<Place, "correlation" | "around">;

function inner(
  { correlation, around }: Ancestry,
  step: (whole: Correlation) => Correlation | undefined,
): Ancestry {
  return correlation === undefined ? { around } : { correlation: step(correlation), around: correlation };
}

/** Old and new are of the same kind and version: these are not seen to change. */
function ofField(place: Ancestry, name: string): Ancestry {
  if (
    place.correlation !== undefined &&
    place.around === undefined &&
    (name === "apiVersion" || name === "kind")
  )
    return {};
  return inner(place, (whole) => whole.field(name));
}
