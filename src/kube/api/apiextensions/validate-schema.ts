import { errorMessage } from "../../../base/index.ts";
import { validateDefaults } from "../custom/default-validation.ts";
import type { JsonSchema } from "../custom/json-schema.ts";
import { validateStructural } from "../custom/structural-rules.ts";
import { type StructuralSchema, structuralSchemaOf } from "../custom/structural-schema.ts";
import { forbidden, invalid } from "../field-error.ts";
import type { FieldError } from "../types.ts";
import { goSchema, SCHEMA_FIELDS } from "./go-schema.ts";
import type { SchemaHolder } from "./internal-spec.ts";
import { RulePlace } from "./rule-place.ts";
import type { DefinitionOptions } from "./schema-options.ts";
import { validateSchemaTree } from "./validate-schema-tree.ts";

export interface SchemaContext {
  options: DefinitionOptions;
  hasStatus: boolean;
  /** The schema is that of an unchanged version: its single rules may cost what they cost. */
  isUnchanged: boolean;
}

/** The schema of a version, or of all of them (apiextensions validateCustomResourceDefinitionValidation). */
export function validateSchemaHolder(
  holder: SchemaHolder | undefined,
  context: SchemaContext,
  path: string,
): FieldError[] {
  const schema = holder?.openAPIV3Schema;
  if (schema === undefined) return [];
  const at = `${path}.openAPIV3Schema`;
  const errors = context.hasStatus ? validateRootFields(schema, at) : [];
  if (schema.nullable) errors.push(forbidden(`${at}.nullable`, "nullable cannot be true at the root"));
  const structure = context.options.requiresStructuralSchema
    ? readStructure(schema, at, context.options)
    : {};
  errors.push(...(structure.errors ?? []));
  // Expressions are looked at where nothing is wrong with the structure.
  const place = structure.isValid ? RulePlace.root(schema) : undefined;
  errors.push(...validateSchemaTree(schema, at, context, place));
  // What keeps a schema from being read is told by the rules above; else it is told here.
  if (errors.length === 0 && structure.unreadable !== undefined)
    errors.push(invalid(at, "", structure.unreadable));
  if (place !== undefined) errors.push(...place.costs.errors(at));
  return errors;
}

interface Structure {
  errors?: FieldError[];
  /** Why the schema cannot be read as a structural one. */
  unreadable?: string;
  isValid?: boolean;
}

function readStructure(schema: JsonSchema, path: string, options: DefinitionOptions): Structure {
  let structural: StructuralSchema;
  try {
    structural = structuralSchemaOf(schema);
  } catch (error) {
    return { unreadable: errorMessage(error) };
  }
  const ofStructure = validateStructural(structural, path);
  if (ofStructure.length > 0) return { errors: ofStructure };
  const errors = validateDefaults(structural, path, { requiresPruned: options.requiresPrunedDefaults });
  return errors.length > 0 ? { errors } : { isValid: true };
}

/** What may stand beside the properties where the status is validated by itself. */
const ROOT_FIELDS = [
  "Description",
  "Type",
  "Format",
  "Title",
  "Maximum",
  "ExclusiveMaximum",
  "Minimum",
  "ExclusiveMinimum",
  "MaxLength",
  "MinLength",
  "Pattern",
  "MaxItems",
  "MinItems",
  "UniqueItems",
  "MultipleOf",
  "Required",
  "Items",
  "Properties",
  "ExternalDocs",
  "Example",
  "XPreserveUnknownFields",
  "XValidations",
];

function validateRootFields(schema: JsonSchema, path: string): FieldError[] {
  for (const [goName, field] of SCHEMA_FIELDS) {
    if (schema[field] === undefined) continue;
    if (goName === "Type" && schema.type !== "object") {
      const why =
        'only "object" is allowed as the type at the root of the schema if the status subresource is enabled';
      return [invalid(`${path}.type`, schema.type, why)];
    }
    if (ROOT_FIELDS.includes(goName)) continue;
    const why = `only [${ROOT_FIELDS.join(" ")}] fields are allowed at the root of the schema if the status subresource is enabled`;
    return [invalid(path, goSchema(schema), why)];
  }
  return [];
}
