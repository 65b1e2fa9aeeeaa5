import { errorMessage } from "../../../base/index.ts";
import { compileGoRegexp, jsonEquals } from "../../../formats/index.ts";
import { forbidden, invalid, required } from "../field-error.ts";
import type { FieldError } from "../types.ts";
import type { JsonSchema } from "./json-schema.ts";
import type { StructuralSchema } from "./structural-schema.ts";

type Level = "root" | "item" | "field";

/**
 * What keeps a schema from being structural, in upstream's order (apiextensions-apiserver ValidateStructural). `path`
 * names the schema.
 */
export function validateStructural(schema: StructuralSchema, path: string): FieldError[] {
  const errors = [
    ...validateInvariants(schema, "root", path),
    ...validateCompleteness(schema, schema, path, path),
  ];
  const textOf = ({ field, message }: FieldError) => `${field}: ${message}`;
  return errors.sort((a, b) => (textOf(a) < textOf(b) ? -1 : textOf(a) > textOf(b) ? 1 : 0));
}

function validateInvariants(schema: StructuralSchema, level: Level, path: string): FieldError[] {
  const { items, additionalProperties: additional } = schema;
  const errors: FieldError[] = [];
  if (schema.type === "array" && items === undefined)
    errors.push(required(`${path}.items`, "must be specified"));
  if (items !== undefined) errors.push(...validateInvariants(items, "item", `${path}.items`));
  for (const [name, one] of schema.properties)
    errors.push(...validateInvariants(one, "field", `${path}.properties[${name}]`));
  if (additional !== undefined && level === "root")
    errors.push(forbidden(`${path}.additionalProperties`, "must not be used at the root"));
  if (additional?.schema !== undefined)
    errors.push(...validateInvariants(additional.schema, "field", `${path}.additionalProperties`));
  return [
    ...errors,
    ...validateExtensions(schema, path),
    ...validateValueRules(schema, path, intOrStringPatterns(schema)),
    ...validateType(schema, level, path),
    ...validateMetadataProperties(schema, level, path),
  ];
}

function validateExtensions(
  { isIntOrString, preservesUnknownFields, isEmbeddedResource }: StructuralSchema,
  path: string,
) {
  const errors: FieldError[] = [];
  const why = "must be false if x-kubernetes-int-or-string is true";
  if (isIntOrString && preservesUnknownFields)
    errors.push(invalid(`${path}.x-kubernetes-preserve-unknown-fields`, true, why));
  if (isIntOrString && isEmbeddedResource)
    errors.push(invalid(`${path}.x-kubernetes-embedded-resource`, true, why));
  return errors;
}

const EMPTY_TYPE: Record<Level, string> = {
  root: "must not be empty at the root",
  item: "must not be empty for specified array items",
  field: "must not be empty for specified object fields",
};

function validateType(schema: StructuralSchema, level: Level, path: string): FieldError[] {
  const { type, isEmbeddedResource } = schema;
  const errors: FieldError[] = [];
  const at = `${path}.type`;
  if (isEmbeddedResource && type !== "object") {
    const why = "must be object if x-kubernetes-embedded-resource is true";
    errors.push(type === "" ? required(at, why) : invalid(at, type, why));
  } else if (type === "" && !schema.isIntOrString && !schema.preservesUnknownFields) {
    errors.push(required(at, EMPTY_TYPE[level]));
  }
  if (isEmbeddedResource && schema.additionalProperties !== undefined) {
    const why = "must not be used if x-kubernetes-embedded-resource is set";
    errors.push(forbidden(`${path}.additionalProperties`, why));
  }
  if (level === "root" && type !== "" && type !== "object")
    errors.push(invalid(at, type, "must be object at the root"));
  return errors;
}

/** A resource's own fields are what they are: a schema may restrict the names only. */
function validateMetadataProperties(schema: StructuralSchema, level: Level, path: string): FieldError[] {
  const isResource = level === "root" || schema.isEmbeddedResource;
  const errors: FieldError[] = [];
  for (const name of ["kind", "apiVersion"]) {
    const property = schema.properties.get(name);
    if (property !== undefined && isResource && property.type !== "string")
      errors.push(invalid(`${path}.properties[${name}].type`, property.type, "must be string"));
  }
  const metadata = schema.properties.get("metadata");
  const at = `${path}.properties[metadata]`;
  if (metadata !== undefined && isResource && metadata.type !== "object")
    errors.push(invalid(`${at}.type`, metadata.type, "must be object"));
  if (metadata !== undefined && level === "root" && !restrictsNamesOnly(metadata.source)) {
    const why =
      "must not specify anything other than name and generateName, but metadata is implicitly specified";
    errors.push(forbidden(at, why));
  }
  if (schema.isEmbeddedResource && !schema.preservesUnknownFields && schema.properties.size === 0) {
    const why =
      "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields";
    errors.push(required(`${path}.properties`, why));
  }
  return errors;
}

function restrictsNamesOnly({ type: _, default: __, properties = {}, ...others }: JsonSchema): boolean {
  const { externalDocs: ___, example: ____, ...told } = others;
  const names = Object.keys(properties);
  return Object.keys(told).length === 0 && names.every((name) => name === "name" || name === "generateName");
}

/** `anyOf: [{type: integer}, {type: string}]`, alone or first under `allOf`. */
const INT_OR_STRING = [{ type: "integer" }, { type: "string" }];

/** Which of a schema's alternatives are those that int-or-string has by itself. */
export interface IntOrStringPatterns {
  isAnyOf: boolean;
  isFirstAllOf: boolean;
}

export function intOrStringPatterns({ source }: StructuralSchema): IntOrStringPatterns {
  return {
    isAnyOf: jsonEquals(source.anyOf, INT_OR_STRING),
    isFirstAllOf: jsonEquals(source.allOf?.[0]?.anyOf, INT_OR_STRING),
  };
}

const NO_PATTERNS: IntOrStringPatterns = { isAnyOf: false, isFirstAllOf: false };

function validateValueRules(
  schema: StructuralSchema,
  path: string,
  patterns: IntOrStringPatterns,
): FieldError[] {
  const errors: FieldError[] = [];
  if (!patterns.isAnyOf) errors.push(...validateEach(schema.anyOf, `${path}.anyOf`));
  schema.allOf.forEach((one, index) => {
    const isAnyOf = index === 0 && patterns.isFirstAllOf;
    errors.push(...validateNested(one, `${path}.allOf[${index}]`, { ...NO_PATTERNS, isAnyOf }));
  });
  errors.push(...validateEach(schema.oneOf, `${path}.oneOf`));
  if (schema.not !== undefined) errors.push(...validateNested(schema.not, `${path}.not`));
  return [...errors, ...validatePattern(schema.source.pattern, `${path}.pattern`)];
}

function validateEach(schemas: readonly StructuralSchema[], path: string): FieldError[] {
  return schemas.flatMap((one, index) => validateNested(one, `${path}[${index}]`));
}

function validatePattern(pattern: string | undefined, path: string): FieldError[] {
  if (!pattern) return [];
  try {
    compileGoRegexp(pattern);
    return [];
  } catch (error) {
    return [invalid(path, pattern, `must be a valid regular expression, but isn't: ${errorMessage(error)}`)];
  }
}

/** Fields that have no place under `allOf` and the like, and what upstream says of them. */
const FORBIDDEN: [field: keyof JsonSchema, why: string][] = [
  ["type", "must be empty to be structural"],
  ["additionalProperties", "must be undefined to be structural"],
  ["default", "must be undefined to be structural"],
  ["title", "must be empty to be structural"],
  ["description", "must be empty to be structural"],
  ["nullable", "must be false to be structural"],
  ["x-kubernetes-preserve-unknown-fields", "must be false to be structural"],
  ["x-kubernetes-embedded-resource", "must be false to be structural"],
  ["x-kubernetes-int-or-string", "must be false to be structural"],
  ["x-kubernetes-list-map-keys", "must be empty to be structural"],
  ["x-kubernetes-list-type", "must be undefined to be structural"],
  ["x-kubernetes-map-type", "must be undefined to be structural"],
  ["x-kubernetes-validations", "must be empty to be structural"],
];

function validateNested(schema: StructuralSchema, path: string, patterns = NO_PATTERNS): FieldError[] {
  const { source, items, properties } = schema;
  const errors = validateValueRules(schema, path, patterns);
  if (items !== undefined) errors.push(...validateNested(items, `${path}.items`));
  for (const [name, one] of properties) errors.push(...validateNested(one, `${path}.properties[${name}]`));
  for (const [field, why] of FORBIDDEN)
    if (isTold(source[field])) errors.push(forbidden(`${path}.${field}`, why));
  if (properties.has("metadata"))
    errors.push(forbidden(`${path}.properties[metadata]`, "must not be specified in a nested context"));
  return errors;
}

/** Nothing additional is what stands there without the field, too. */
const isTold = (value: unknown) =>
  value !== undefined &&
  value !== null &&
  value !== "" &&
  value !== false &&
  !(Array.isArray(value) && value.length === 0);

/** Every value that is judged under `allOf` and the like must have a place in the structure. */
function validateCompleteness(
  rules: StructuralSchema,
  structure: StructuralSchema | undefined,
  path: string,
  rulesPath: string,
): FieldError[] {
  const nested = (one: StructuralSchema, at: string) =>
    validateNestedCompleteness(one, structure, path, `${rulesPath}.${at}`);
  return [
    ...(rules.not === undefined ? [] : nested(rules.not, "not")),
    ...rules.allOf.flatMap((one, index) => nested(one, `allOf[${index}]`)),
    ...rules.anyOf.flatMap((one, index) => nested(one, `anyOf[${index}]`)),
    ...rules.oneOf.flatMap((one, index) => nested(one, `oneOf[${index}]`)),
  ];
}

function validateNestedCompleteness(
  rules: StructuralSchema,
  structure: StructuralSchema | undefined,
  path: string,
  rulesPath: string,
): FieldError[] {
  if (structure === undefined) return [required(path, `because it is defined in ${rulesPath}`)];
  const errors = validateCompleteness(rules, structure, path, rulesPath);
  if (rules.items !== undefined) {
    const at = `${rulesPath}.items`;
    errors.push(...validateNestedCompleteness(rules.items, structure.items, `${path}.items`, at));
  }
  for (const [name, one] of rules.properties) {
    const key = `properties[${name}]`;
    const field = structure.properties.get(name);
    if (field === undefined)
      errors.push(required(`${path}.${key}`, `because it is defined in ${rulesPath}.${key}`));
    else errors.push(...validateNestedCompleteness(one, field, `${path}.${key}`, `${rulesPath}.${key}`));
  }
  return errors;
}
