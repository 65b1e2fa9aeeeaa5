import { Buffer } from "node:buffer";
import { isQualifiedName, jsonEquals } from "../../../formats/index.ts";
import type { CelType } from "../../cel/index.ts";
import { duplicate, GoLiteral, invalid, invalidEach, notSupported, required } from "../field-error.ts";
import type {
  AuditAnnotation,
  MatchResources,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicySpec,
  Validation,
  Variable,
} from "../generated/types.ts";
import { goStruct } from "../go-value.ts";
import type { FieldError } from "../types.ts";
import {
  A_BOOL,
  A_STRING,
  A_STRING_OR_NULL,
  ANYTHING,
  checkExpression,
  isCelIdentifier,
  variableType,
} from "./expressions.ts";
import { validateMatchConditions } from "./match-conditions.ts";
import { validateMatchResources } from "./match-resources.ts";
import { validateParamKind } from "./param-kind.ts";
import { FAILURE_POLICIES } from "./validate-webhook.ts";

type Policy = ValidatingAdmissionPolicy;
type Spec = ValidatingAdmissionPolicySpec;

/** What the expressions of a policy share. */
interface Expressions {
  hasParams: boolean;
  /** Of those that were declared so far; undefined where none is. */
  variables: Map<string, CelType> | undefined;
  stored: StoredExpressions;
}

/** What stood in the policy before an update. */
interface StoredExpressions {
  conditions: ReadonlySet<string>;
  validations: ReadonlySet<string>;
  messages: ReadonlySet<string>;
  annotations: ReadonlySet<string>;
}

export function validatePolicy({ metadata, spec }: Policy, previous?: Policy): FieldError[] {
  const { paramKind, matchConditions = [], variables = [] } = spec;
  const expressions: Expressions = {
    hasParams: paramKind !== undefined,
    variables: variables.length > 0 ? new Map() : undefined,
    stored: storedExpressions(previous?.spec),
  };
  const conditions = { hasParams: expressions.hasParams, stored: expressions.stored.conditions };
  return [
    ...validateFailurePolicy(spec.failurePolicy),
    ...(paramKind === undefined ? [] : validateParamKind(paramKind, "spec.paramKind")),
    ...validateConstraints(spec.matchConstraints),
    ...(hasUnchangedConditions(spec, previous?.spec)
      ? []
      : validateMatchConditions(matchConditions, "spec.matchConditions", conditions)),
    ...variables.flatMap((one, index) => validateVariable(one, `spec.variables[${index}]`, expressions)),
    ...validateContent(metadata.name, spec, expressions),
  ];
}

function storedExpressions(spec: Spec | undefined): StoredExpressions {
  const { matchConditions = [], validations = [], auditAnnotations = [] } = spec ?? {};
  return {
    conditions: new Set(matchConditions.map(({ expression }) => expression)),
    validations: new Set(validations.map(({ expression }) => expression)),
    messages: new Set(validations.flatMap(({ messageExpression }) => messageExpression ?? [])),
    annotations: new Set(auditAnnotations.map(({ valueExpression }) => valueExpression)),
  };
}

function validateFailurePolicy(policy: string | undefined): FieldError[] {
  const path = "spec.failurePolicy";
  if (policy === undefined) return [required(path)];
  return FAILURE_POLICIES.includes(policy) ? [] : [notSupported(path, policy, FAILURE_POLICIES)];
}

function validateConstraints(match: MatchResources | undefined): FieldError[] {
  const path = "spec.matchConstraints";
  if (match === undefined) return [required(path)];
  const isEmpty = (match.resourceRules ?? []).length === 0;
  return [...validateMatchResources(match, path), ...(isEmpty ? [required(`${path}.resourceRules`)] : [])];
}

/** Nothing changed that could make conditions bad that were good. */
function hasUnchangedConditions(next: Spec, previous: Spec | undefined): boolean {
  return (
    previous !== undefined &&
    jsonEquals(next.paramKind, previous.paramKind) &&
    jsonEquals(next.matchConditions ?? [], previous.matchConditions ?? [])
  );
}

/** A variable is known to the expressions after it. */
function validateVariable(
  { name, expression }: Variable,
  path: string,
  expressions: Expressions,
): FieldError[] {
  const errors: FieldError[] = [];
  if (name.trim() === "") errors.push(required(`${path}.name`, "name is not specified"));
  else if (!isCelIdentifier(name))
    errors.push(invalid(`${path}.name`, name, "name is not a valid CEL identifier"));
  if (expression.trim() === "")
    return [...errors, required(`${path}.expression`, "expression is not specified")];
  const checked = checkExpression({
    expression,
    path: `${path}.expression`,
    scope: { ...expressions, hasAuthorizer: true },
    wanted: ANYTHING,
    isStored: expressions.stored.validations.has(expression),
  });
  expressions.variables?.set(name, variableType(checked.type));
  return [...errors, ...checked.errors];
}

const MAX_AUDIT_ANNOTATIONS = 20;

function validateContent(name: string, spec: Spec, expressions: Expressions): FieldError[] {
  const { validations = [], auditAnnotations = [] } = spec;
  if (validations.length + auditAnnotations.length === 0) {
    const why = "validations or auditAnnotations must contain at least one item";
    return [required("spec.validations", why), required("spec.auditAnnotations", why)];
  }
  const errors = validations.flatMap((one, index) =>
    validateValidation(one, `spec.validations[${index}]`, expressions),
  );
  if (auditAnnotations.length > MAX_AUDIT_ANNOTATIONS) {
    const why = `must not have more than ${MAX_AUDIT_ANNOTATIONS} auditAnnotations`;
    errors.push(invalid("spec.auditAnnotations", goAnnotations(auditAnnotations), why));
  }
  const keys = new Set<string>();
  auditAnnotations.forEach((one, index) => {
    const path = `spec.auditAnnotations[${index}]`;
    errors.push(...validateAnnotation(name, one, path, expressions));
    if (keys.has(one.key)) errors.push(duplicate(`${path}.key`, one.key));
    keys.add(one.key);
  });
  return errors;
}

function goAnnotations(annotations: readonly AuditAnnotation[]): GoLiteral {
  const type = "admissionregistration.AuditAnnotation";
  const list = annotations.map(({ key, valueExpression }) =>
    goStruct(type, { Key: key, ValueExpression: valueExpression }),
  );
  return new GoLiteral(`[]${type}{${list.map(({ text }) => text).join(", ")}}`);
}

const REASONS = ["Forbidden", "Invalid", "RequestEntityTooLarge"];

function validateValidation(validation: Validation, path: string, expressions: Expressions): FieldError[] {
  const { expression, messageExpression = "", message = "", reason } = validation;
  return [
    ...validateRule(expression, `${path}.expression`, expressions),
    ...validateMessageExpression(messageExpression, `${path}.messageExpression`, expressions),
    ...validateMessage(message, `${path}.message`),
    ...(reason === undefined || REASONS.includes(reason)
      ? []
      : [notSupported(`${path}.reason`, reason, REASONS)]),
  ];
}

function validateRule(expression: string, path: string, expressions: Expressions): FieldError[] {
  if (expression.trim() === "") return [required(path, "expression is not specified")];
  const isStored = expressions.stored.validations.has(expression);
  const scope = { ...expressions, hasAuthorizer: true };
  return checkExpression({ expression, path, scope, wanted: A_BOOL, isStored }).errors;
}

function validateMessageExpression(expression: string, path: string, expressions: Expressions): FieldError[] {
  if (expression === "") return [];
  if (expression.trim() === "") return [invalid(path, expression, "must be non-empty if specified")];
  const isStored = expressions.stored.messages.has(expression);
  const scope = { ...expressions, hasAuthorizer: false };
  return checkExpression({ expression, path, scope, wanted: A_STRING, isStored }).errors;
}

function validateMessage(message: string, path: string): FieldError[] {
  if (message !== "" && message.trim() === "")
    return [invalid(path, message, "message must be non-empty if specified")];
  if (/[\n\r]/.test(message.trim())) return [invalid(path, message, "message must not contain line breaks")];
  return [];
}

const MAX_VALUE_EXPRESSION_BYTES = 5 * 1024;

function validateAnnotation(
  policy: string,
  { key, valueExpression }: AuditAnnotation,
  path: string,
  expressions: Expressions,
): FieldError[] {
  const ofKey =
    policy === ""
      ? [invalid(`${path}.key`, key, "requires metadata.name be non-empty")]
      : invalidEach(`${path}.key`, `${policy}/${key}`, isQualifiedName(`${policy}/${key}`));
  return [...ofKey, ...validateValue(valueExpression, `${path}.valueExpression`, expressions)];
}

function validateValue(shown: string, path: string, expressions: Expressions): FieldError[] {
  const expression = shown.trim();
  if (expression === "") return [required(path, "valueExpression is not specified")];
  if (Buffer.byteLength(expression) > MAX_VALUE_EXPRESSION_BYTES)
    return [required(path, `must not exceed ${MAX_VALUE_EXPRESSION_BYTES} bytes in length`)];
  const isStored = expressions.stored.annotations.has(shown);
  const scope = { ...expressions, hasAuthorizer: true };
  return checkExpression({ expression, shown, path, scope, wanted: A_STRING_OR_NULL, isStored }).errors;
}
