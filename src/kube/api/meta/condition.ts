import { isConditionReason, isQualifiedName } from "../../../formats/index.ts";
import { duplicate, invalid, invalidEach, notSupported, required, tooLong } from "../field-error.ts";
import type { Condition } from "../generated/types.ts";
import type { FieldError } from "../types.ts";

const STATUSES = ["False", "True", "Unknown"];
const MAX_REASON_BYTES = 1024;
const MAX_MESSAGE_BYTES = 32 * 1024;

/** A list of metav1.Condition (apimachinery ValidateConditions). */
export function validateConditions(conditions: readonly Condition[] | undefined, path: string): FieldError[] {
  const seen = new Set<string>();
  return (conditions ?? []).flatMap((condition, index) => {
    const at = `${path}[${index}]`;
    const repeated = seen.has(condition.type) ? [duplicate(`${at}.type`, condition.type)] : [];
    seen.add(condition.type);
    return [...repeated, ...validateCondition(condition, at)];
  });
}

function validateCondition(condition: Condition, path: string): FieldError[] {
  const { type, status, observedGeneration = 0, lastTransitionTime, reason, message } = condition;
  const errors = invalidEach(`${path}.type`, type, isQualifiedName(type));
  if (!STATUSES.includes(status)) errors.push(notSupported(`${path}.status`, status, STATUSES));
  if (observedGeneration < 0) {
    const why = "must be greater than or equal to zero";
    errors.push(invalid(`${path}.observedGeneration`, observedGeneration, why));
  }
  if (!lastTransitionTime) errors.push(required(`${path}.lastTransitionTime`, "must be set"));
  if (reason === "") errors.push(required(`${path}.reason`, "must be set"));
  else errors.push(...invalidEach(`${path}.reason`, reason, isConditionReason(reason)));
  if (Buffer.byteLength(reason) > MAX_REASON_BYTES) errors.push(tooLong(`${path}.reason`, MAX_REASON_BYTES));
  if (Buffer.byteLength(message) > MAX_MESSAGE_BYTES)
    errors.push(tooLong(`${path}.message`, MAX_MESSAGE_BYTES));
  return errors;
}
