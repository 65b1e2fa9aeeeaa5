import { errorMessage } from "../../../base/index.ts";
import type { JsonSchema } from "../custom/json-schema.ts";
import { validateStructural } from "../custom/structural-rules.ts";
import { structuralSchemaOf } from "../custom/structural-schema.ts";
import { invalid } from "../field-error.ts";
import type { CustomResourceDefinition } from "../generated/types.ts";
import type { FieldError } from "../types.ts";
import type { Condition } from "./conditions.ts";

/** The condition that tells what keeps a definition's schemas from being structural; undefined: nothing (controller/nonstructuralschema). */
export function nonStructuralCondition({ spec }: CustomResourceDefinition): Condition | undefined {
  const errors: FieldError[] = spec.preserveUnknownFields
    ? [invalid("spec.preserveUnknownFields", true, "must be false")]
    : [];
  for (const [index, { name, schema }] of (spec.versions ?? []).entries()) {
    if (schema?.openAPIV3Schema === undefined) continue;
    const path = `spec.versions[${index}].schema.openAPIV3Schema`;
    try {
      errors.push(...validateStructural(structuralSchemaOf(schema.openAPIV3Schema as JsonSchema), path));
    } catch (error) {
      const message = `failed to check validation schema for version ${name}: ${errorMessage(error)}`;
      return { type: "NonStructuralSchema", status: "Unknown", reason: "StructuralError", message };
    }
  }
  if (errors.length === 0) return undefined;
  const texts = [...new Set(errors.map(({ field, message }) => `${field}: ${message}`))];
  const message = texts.length === 1 ? texts[0]! : `[${texts.join(", ")}]`;
  return { type: "NonStructuralSchema", status: "True", reason: "Violations", message };
}
