import { Buffer } from "node:buffer";
import type { Evaluation } from "../../cel/index.ts";
import { duplicate, forbidden, invalid, required } from "../field-error.ts";
import type { ValidationRule } from "../generated/types.ts";
import type { FieldError } from "../types.ts";

/** What a rule is called in errors. */
const nameOfRule = ({ rule, message = "" }: ValidationRule): string =>
  (message === "" ? rule : message).trim();

export const OUT_OF_BUDGET =
  "validation failed due to running out of cost budget, no further validation rules will be run";

/** Where a rule cannot be evaluated. */
export function evaluationFailure(
  rule: ValidationRule,
  { error, isCancelled }: Evaluation & { ok: false },
): string {
  const name = nameOfRule(rule);
  if (isCancelled)
    return `'${error}': no further validation rules will be run due to call cost exceeds limit for rule: ${name}`;
  if (error.startsWith("no such overload")) {
    return `'${error}': call arguments did not match a supported operator, function or macro signature for rule: ${name}`;
  }
  return `${error} evaluating rule: ${name}`;
}

/** An error for a value that breaks a rule; `value` is the name of its type. */
export function ruleFailure(
  path: string,
  value: string,
  rule: ValidationRule,
  detail: string = ownMessage(rule),
): FieldError {
  switch (rule.reason) {
    case "FieldValueForbidden":
      return forbidden(path, detail);
    case "FieldValueRequired":
      return required(path, detail);
    case "FieldValueDuplicate":
      return duplicate(path, value);
    default:
      return invalid(path, value, detail);
  }
}

function ownMessage(rule: ValidationRule): string {
  const { message = "" } = rule;
  return message === "" ? `failed rule: ${nameOfRule(rule)}` : message.trim();
}

export const MESSAGE_OUT_OF_BUDGET =
  "messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run";

export const costlyMessage = ({ messageExpression = "" }: ValidationRule): string =>
  `no further validation rules will be run due to call cost exceeds limit for messageExpression: ${JSON.stringify(messageExpression)}`;

const MAX_MESSAGE_BYTES = 5 * 1024;

/** The text that a messageExpression answered, unless it is none to show. */
export function shownMessage(evaluation: Evaluation): string | undefined {
  if (!evaluation.ok || typeof evaluation.value !== "string") return undefined;
  const text = evaluation.value.trim();
  const isShown = text !== "" && !text.includes("\n") && Buffer.byteLength(text) <= MAX_MESSAGE_BYTES;
  return isShown ? text : undefined;
}
