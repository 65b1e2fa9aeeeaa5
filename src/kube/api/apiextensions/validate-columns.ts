import { errorMessage } from "../../../base/index.ts";
import type { StructuralSchema } from "../custom/structural-schema.ts";
import { type FoundField, findSchemaField } from "../custom/valid-field-path.ts";
import { duplicate, invalid, required, tooMany } from "../field-error.ts";
import type {
  CustomResourceColumnDefinition,
  CustomResourceSubresources,
  SelectableField,
} from "../generated/types.ts";
import type { FieldError } from "../types.ts";

const TYPES = ["boolean", "date", "integer", "number", "string"];
const FORMATS = ["byte", "date", "date-time", "double", "float", "int32", "int64", "password"];

export function validateColumns(
  columns: readonly CustomResourceColumnDefinition[] = [],
  path: string,
): FieldError[] {
  return columns.flatMap((column, index) => validateColumn(column, `${path}[${index}]`));
}

function validateColumn({ name, type, format = "", jsonPath }: CustomResourceColumnDefinition, path: string) {
  const errors: FieldError[] = [];
  const ofTypes = `must be one of ${TYPES.join(",")}`;
  if (name === "") errors.push(required(`${path}.name`));
  if (type === "") errors.push(required(`${path}.type`, ofTypes));
  else if (!TYPES.includes(type)) errors.push(invalid(`${path}.type`, type, ofTypes));
  if (format !== "" && !FORMATS.includes(format))
    errors.push(invalid(`${path}.format`, format, `must be one of ${FORMATS.join(",")}`));
  if (jsonPath === "") errors.push(required(`${path}.JSONPath`));
  else errors.push(...validateSimplePath(jsonPath, `${path}.JSONPath`));
  return errors;
}

function validateSimplePath(text: string, path: string): FieldError[] {
  return text.startsWith(".") ? [] : [invalid(path, text, "must be a simple json path starting with .")];
}

export function validateSubresources(
  subresources: CustomResourceSubresources | undefined,
  path: string,
): FieldError[] {
  if (subresources?.scale === undefined) return [];
  const { specReplicasPath, statusReplicasPath, labelSelectorPath = "" } = subresources.scale;
  const at = `${path}.scale`;
  const errors = [
    ...validateReplicasPath(specReplicasPath, `${at}.specReplicasPath`, ".spec"),
    ...validateReplicasPath(statusReplicasPath, `${at}.statusReplicasPath`, ".status"),
  ];
  if (labelSelectorPath === "") return errors;
  const ofForm = validateSimplePath(labelSelectorPath, `${at}.labelSelectorPath`);
  if (ofForm.length > 0) return [...errors, ...ofForm];
  if (/^\.(?:spec|status)\./.test(labelSelectorPath)) return errors;
  const why = "should be a json path under either .spec or .status";
  return [...errors, invalid(`${at}.labelSelectorPath`, labelSelectorPath, why)];
}

function validateReplicasPath(text: string, path: string, parent: string): FieldError[] {
  if (text === "") return [required(path)];
  const ofForm = validateSimplePath(text, path);
  if (ofForm.length > 0) return ofForm;
  return text.startsWith(`${parent}.`) ? [] : [invalid(path, text, `should be a json path under ${parent}`)];
}

const MAX_SELECTABLE_FIELDS = 8;
const SELECTABLE_TYPES = ["string", "boolean", "integer"];

/** Fields of custom resources that field selectors may name; `schema` is that of the resource. */
export function validateSelectableFields(
  fields: readonly SelectableField[],
  schema: StructuralSchema,
  path: string,
): FieldError[] {
  const known = new Set<string>();
  const errors = fields.flatMap(({ jsonPath }, index) =>
    validateSelectableField(jsonPath, `${path}[${index}].jsonPath`, schema, known),
  );
  if (known.size > MAX_SELECTABLE_FIELDS) errors.push(tooMany(path, known.size, MAX_SELECTABLE_FIELDS));
  return errors;
}

function validateSelectableField(
  jsonPath: string,
  path: string,
  schema: StructuralSchema,
  known: Set<string>,
): FieldError[] {
  if (jsonPath === "") return [required(path)];
  let found: FoundField;
  try {
    found = findSchemaField(jsonPath, schema, { allowsBrackets: false });
  } catch (error) {
    return [invalid(path, jsonPath, `is an invalid path: ${errorMessage(error)}`)];
  }
  const errors: FieldError[] = [];
  if (found.root === "metadata") errors.push(invalid(path, jsonPath, "must not point to fields in metadata"));
  if (!SELECTABLE_TYPES.includes(found.schema.type)) {
    const why =
      "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.";
    errors.push(invalid(path, jsonPath, why));
  }
  if (known.has(found.path)) errors.push(duplicate(path, jsonPath));
  known.add(found.path);
  return errors;
}
