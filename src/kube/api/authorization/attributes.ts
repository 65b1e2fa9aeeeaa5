import { invalid } from "../field-error.ts";
import type { FieldError } from "../types.ts";

interface Attributes {
  resourceAttributes?: unknown;
  nonResourceAttributes?: unknown;
}

/** A question is about a resource or about another path, never about both. */
export function validateAttributes({ resourceAttributes, nonResourceAttributes }: Attributes): FieldError[] {
  if (resourceAttributes !== undefined && nonResourceAttributes !== undefined) {
    const why = "cannot be specified in combination with resourceAttributes";
    return [invalid("spec.nonResourceAttributes", nonResourceAttributes, why)];
  }
  if (resourceAttributes === undefined && nonResourceAttributes === undefined) {
    const why = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
    return [invalid("spec.resourceAttributes", resourceAttributes, why)];
  }
  return [];
}

/** As above, for a question about somebody else. */
export function validateSubjectAttributes(
  spec: Attributes & { user?: string; groups?: string[] },
): FieldError[] {
  const errors = validateAttributes(spec);
  if (spec.user || spec.groups?.length) return errors;
  return [
    ...errors,
    invalid("spec.user", spec.user ?? "", "at least one of user or group must be specified"),
  ];
}
