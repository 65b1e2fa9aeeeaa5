import {
  type DeclType,
  maxCardinality,
  NEW_EXPRESSIONS_MINOR,
  STORED_EXPRESSIONS_MINOR,
} from "../../cel/index.ts";
import type { JsonSchema } from "../custom/json-schema.ts";
import { type CompiledRule, compileRules } from "../custom/rule-compiler.ts";
import { structuralSchemaOf } from "../custom/structural-schema.ts";
import { forbidden, internal, invalid } from "../field-error.ts";
import type { FieldError } from "../types.ts";
import { goRule } from "./go-schema.ts";
import { atMostUint64, EXPRESSION_COST_LIMIT, exceeds } from "./rule-costs.ts";
import type { RulePlace } from "./rule-place.ts";
import type { DefinitionOptions } from "./schema-options.ts";

export interface ExpressionContext {
  options: DefinitionOptions;
  /** Single rules may cost what they cost. */
  isUnchanged: boolean;
  /** The outermost schema whose values cannot be told from one another between two versions of an object. */
  uncorrelatable?: string | undefined;
}

/** What is wrong with the expressions in `x-kubernetes-validations` of one schema; their form is fine. */
export function validateExpressions(
  schema: JsonSchema,
  path: string,
  place: RulePlace,
  context: ExpressionContext,
): FieldError[] {
  const at = `${path}.x-kubernetes-validations`;
  const { type } = place;
  if (type === undefined) {
    const why = "unable to convert structural schema to CEL declarations";
    return [
      internal(
        at,
        `internal error: failed to construct type information for x-kubernetes-validations rules: ${why}`,
      ),
    ];
  }
  return compile(schema, type, context.options).flatMap((rule, index) => [
    ...validateRule(rule, `${at}[${index}]`, maxCost(rule, type, place), { ...context, place }),
    ...validateOldSelf(rule, `${at}[${index}]`, context.uncorrelatable),
  ]);
}

function compile(schema: JsonSchema, type: DeclType, options: DefinitionOptions): CompiledRule[] {
  const minor = (isKnown: boolean) => (isKnown ? STORED_EXPRESSIONS_MINOR : NEW_EXPRESSIONS_MINOR);
  return compileRules(structuralSchemaOf(schema), type, {
    ofRule: (expression) => minor(options.knownRules.has(expression)),
    ofMessage: (expression) => minor(options.knownMessageExpressions.has(expression)),
  });
}

/** Of all times that the rule can be evaluated in one object. */
function maxCost({ maxCost: cost }: CompiledRule, type: DeclType, { cardinality }: RulePlace): number {
  return cost === 0 ? 0 : atMostUint64(cost * (cardinality ?? maxCardinality(type)));
}

function validateRule(
  { rule, error, message }: CompiledRule,
  path: string,
  cost: number,
  { place, isUnchanged }: ExpressionContext & { place: RulePlace },
): FieldError[] {
  const errors: FieldError[] = [];
  const pay = (field: string, name: string, price: number) => {
    if (!isUnchanged && price > EXPRESSION_COST_LIMIT)
      errors.push(forbidden(field, exceeds(name, price, EXPRESSION_COST_LIMIT)));
    place.costs.add(field, price);
  };
  pay(`${path}.rule`, "estimated rule cost", cost);
  if (error !== undefined) errors.push(invalid(`${path}.rule`, goRule(rule), error));
  if (message.error !== undefined)
    errors.push(invalid(`${path}.messageExpression`, goRule(rule), message.error));
  else pay(`${path}.messageExpression`, "estimated messageExpression cost", message.maxCost);
  return errors;
}

function validateOldSelf(
  { rule, usesOldSelf }: CompiledRule,
  path: string,
  uncorrelatable: string | undefined,
): FieldError[] {
  if (!usesOldSelf) {
    if (rule.optionalOldSelf === undefined) return [];
    const why = "may not be set if oldSelf is not used in rule";
    return [invalid(`${path}.optionalOldSelf`, rule.optionalOldSelf, why)];
  }
  if (uncorrelatable === undefined) return [];
  const why = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelatable}`;
  return [invalid(`${path}.rule`, rule.rule, why)];
}
