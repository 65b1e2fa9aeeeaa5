import { type FieldError, isPrintable } from "../../api/index.ts";

export const META_GROUP = "meta.k8s.io";

const FIELD_MANAGER_LIMIT_BYTES = 128;

/** apimachinery ValidateDryRun: all of the values are shown, as Go prints them. */
export function dryRunErrors(values: readonly string[]): FieldError[] {
  if (values.every((value) => value === "All")) return [];
  const shown = `[]string{${values.map((value) => JSON.stringify(value)).join(", ")}}`;
  const message = `Unsupported value: ${shown}: supported values: "All"`;
  return [{ type: "FieldValueNotSupported", field: "dryRun", message }];
}

/** apimachinery ValidateFieldManager. */
export function fieldManagerErrors(manager: string): FieldError[] {
  const errors: FieldError[] = [];
  if (Buffer.byteLength(manager) > FIELD_MANAGER_LIMIT_BYTES) {
    const message = `Too long: may not be more than ${FIELD_MANAGER_LIMIT_BYTES} bytes`;
    errors.push({ type: "FieldValueTooLong", field: "fieldManager", message });
  }
  let at = 0;
  for (const char of manager) {
    if (!isPrintable(char)) {
      const message = `Invalid value: ${JSON.stringify(manager)}: invalid character ${codePoint(char)} (at position ${at})`;
      errors.push({ type: "FieldValueInvalid", field: "fieldManager", message });
    }
    at += Buffer.byteLength(char);
  }
  return errors;
}

function codePoint(char: string): string {
  return `U+${char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`;
}
