import type { ResourceRequestInfo } from "../request-info.ts";

type FieldRequirement = NonNullable<ResourceRequestInfo["fieldRequirements"]>[number];

/** A requirement of a field selector as a SubjectAccessReview has it. */
export function shownRequirement({ field, operator, value }: FieldRequirement) {
  return { key: field, operator: operator === "!=" ? "NotIn" : "In", values: [value] };
}
