import { isPercent } from "../../../formats/index.ts";
import { invalid, invalidEach, nonNegative } from "../field-error.ts";
import type { IntOrString } from "../generated/types.ts";
import { goIntOrString } from "../go-value.ts";
import type { FieldError } from "../types.ts";

/** A number that is not negative, or a percentage (apps ValidatePositiveIntOrPercent). */
export function validateIntOrPercent(value: IntOrString, path: string): FieldError[] {
  if (typeof value === "number") return nonNegative(path, value);
  return invalidEach(path, goIntOrString(value), isPercent(value));
}

/** The number, also of percent; what is neither counts as none. */
export function amountOf(value: IntOrString): number {
  if (typeof value === "number") return value;
  return /^[+-]?\d+%?$/.test(value) ? Number.parseInt(value, 10) : 0;
}

/** A percentage is one of all there are. */
export function atMostAll(value: IntOrString, path: string): FieldError[] {
  const isTooMuch = typeof value === "string" && isPercent(value).length === 0 && amountOf(value) > 100;
  return isTooMuch ? [invalid(path, goIntOrString(value), "must not be greater than 100%")] : [];
}
