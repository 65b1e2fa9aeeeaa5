import { invalid, printed } from "../../field-error.ts";
import type { FieldError } from "../../types.ts";
import { isQuotaResource, validateQuantity, validateResourceName } from "../pod/validate-resources.ts";

/** Amounts of what a quota can count; each name must be one of those, or have a prefix. */
export function validateAmounts(list: Record<string, string> | undefined, path: string): FieldError[] {
  return Object.entries(list ?? {}).flatMap(([name, amount]) => {
    const at = `${path}[${name}]`;
    return [...validateName(name, at), ...validateQuantity(name, amount, at)];
  });
}

function validateName(name: string, path: string): FieldError[] {
  const errors = validateResourceName(name, path);
  if (name.includes("/") || isQuotaResource(name)) return errors;
  return [...errors, invalid(path, printed(name), "must be a standard resource for quota")];
}
