import { isDns1123Subdomain, isPathSegment } from "../../../formats/index.ts";
import { invalidEach, required } from "../field-error.ts";
import type { TypedLocalObjectReference } from "../generated/types.ts";
import type { FieldError } from "../types.ts";

/** A reference to an object of any kind (networking validateIngressTypedLocalObjectReference). */
export function validateTypedReference(
  { apiGroup, kind, name }: TypedLocalObjectReference,
  path: string,
): FieldError[] {
  return [
    ...(apiGroup === undefined || apiGroup === null
      ? []
      : invalidEach(`${path}.apiGroup`, apiGroup, isDns1123Subdomain(apiGroup))),
    ...(kind === ""
      ? [required(`${path}.kind`, "kind is required")]
      : invalidEach(`${path}.kind`, kind, isPathSegment(kind))),
    ...(name === ""
      ? [required(`${path}.name`, "name is required")]
      : invalidEach(`${path}.name`, name, isPathSegment(name))),
  ];
}
