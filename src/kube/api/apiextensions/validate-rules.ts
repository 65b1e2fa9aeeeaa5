import { errorMessage } from "../../../base/index.ts";
import type { JsonSchema } from "../custom/json-schema.ts";
import { structuralSchemaOf } from "../custom/structural-schema.ts";
import { findSchemaField } from "../custom/valid-field-path.ts";
import { invalid, notSupported, required } from "../field-error.ts";
import type { ValidationRule } from "../generated/types.ts";
import type { FieldError } from "../types.ts";

const REASONS = ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"];

/** The form of `x-kubernetes-validations`; what the expressions say is looked at elsewhere. */
export function validateRules(schema: JsonSchema, path: string): FieldError[] {
  return (schema["x-kubernetes-validations"] ?? []).flatMap((rule, index) =>
    validateRule(rule, schema, `${path}.x-kubernetes-validations[${index}]`),
  );
}

const isBlank = (text: string) => text !== "" && text.trim() === "";
const hasLineBreak = (text: string) => /[\n\r]/.test(text);

function validateRule(rule: ValidationRule, schema: JsonSchema, path: string): FieldError[] {
  const { message = "", messageExpression = "", reason, fieldPath = "" } = rule;
  const errors = validateRuleAndMessage(rule.rule, message, path);
  if (isBlank(messageExpression)) {
    const why = "messageExpression must be non-empty if specified";
    errors.push(required(`${path}.messageExpression`, why));
  }
  if (reason !== undefined && !REASONS.includes(reason))
    errors.push(notSupported(`${path}.reason`, reason, REASONS));
  const wrongPath = (why: string) => errors.push(invalid(`${path}.fieldPath`, fieldPath, why));
  if (isBlank(fieldPath)) wrongPath("fieldPath must be non-empty if specified");
  if (hasLineBreak(fieldPath)) wrongPath("fieldPath must not contain line breaks");
  if (fieldPath !== "" && !isKnownField(schema, fieldPath)) wrongPath("fieldPath must be a valid path");
  return errors;
}

function validateRuleAndMessage(rule: string, message: string, path: string): FieldError[] {
  if (rule.trim() === "") return [required(`${path}.rule`, "rule is not specified")];
  if (isBlank(message))
    return [invalid(`${path}.message`, message, "message must be non-empty if specified")];
  if (hasLineBreak(message.trim()))
    return [invalid(`${path}.message`, message, "message must not contain line breaks")];
  if (hasLineBreak(rule.trim()) && message === "")
    return [required(`${path}.message`, "message must be specified if rule contains line breaks")];
  return [];
}

/** Of a schema that is not structural nothing can be said. */
function isKnownField(schema: JsonSchema, fieldPath: string): boolean {
  let structural: ReturnType<typeof structuralSchemaOf>;
  try {
    structural = structuralSchemaOf(schema);
  } catch (error) {
    return errorMessage(error) !== "";
  }
  try {
    findSchemaField(fieldPath, structural);
    return true;
  } catch {
    return false;
  }
}
