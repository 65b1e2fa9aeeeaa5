import { duplicate, required } from "../field-error.ts";
import type { FieldError } from "../types.ts";

/** All that is asked of the conditions of both kinds: a type each, and no type twice. */
export function validateConditionTypes(conditions: readonly { type?: string }[] = []): FieldError[] {
  const seen = new Set<string>();
  return conditions.flatMap(({ type = "" }, index) => {
    const path = `status.conditions[${index}].type`;
    const errors = seen.has(type) ? [duplicate(path, type)] : [];
    seen.add(type);
    return type === "" ? [...errors, required(path, "must not be empty")] : errors;
  });
}
