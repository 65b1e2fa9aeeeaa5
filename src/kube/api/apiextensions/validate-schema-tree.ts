import { additionalSchema, type JsonSchema } from "../custom/json-schema.ts";
import { forbidden, invalid, notSupported } from "../field-error.ts";
import type { FieldError } from "../types.ts";
import { validateListAndMapTypes, validateMapListKeys } from "./list-and-map-types.ts";
import type { RulePlace } from "./rule-place.ts";
import { SCHEMA_TYPES } from "./schema-options.ts";
import { validateExpressions } from "./validate-expressions.ts";
import { validateRules } from "./validate-rules.ts";
import type { SchemaContext } from "./validate-schema.ts";

/** What a schema has from those around it. */
interface Inherited {
  isRoot: boolean;
  /** Why no default may stand here. */
  noDefaults?: string | undefined;
  isInsideMetadata: boolean;
  /** The outermost schema whose values cannot be told from one another between two versions of an object. */
  uncorrelatable?: string | undefined;
  /** Undefined where no expressions are looked at. */
  place: RulePlace | undefined;
}

/** What is wrong with the schema, and with the rules in it: these are looked at where the schema is fine. */
interface TreeErrors {
  ofSchema: FieldError[];
  ofRules: FieldError[];
}

/** A schema and all in it (ValidateCustomResourceDefinitionOpenAPISchema). Expressions are looked at where there is a `place`. */
export function validateSchemaTree(
  schema: JsonSchema,
  path: string,
  context: SchemaContext,
  place: RulePlace | undefined,
): FieldError[] {
  const outer = { isRoot: true, isInsideMetadata: false, place };
  const { ofSchema, ofRules } = validateNode(schema, path, outer, context);
  return [...ofSchema, ...ofRules];
}

const METADATA_FIELDS = ["metadata", "kind", "apiVersion"];

function validateNode(
  schema: JsonSchema,
  path: string,
  inherited: Inherited,
  context: SchemaContext,
): TreeErrors {
  const errors: TreeErrors = { ofSchema: validateFields(schema, path, inherited, context), ofRules: [] };
  const inner = { ...inherited, isRoot: false, place: undefined };
  const visit = (one: JsonSchema | undefined, at: string, changed: Partial<Inherited> = {}) => {
    if (one === undefined) return;
    const nested = validateNode(one, `${path}.${at}`, { ...inner, ...changed }, context);
    errors.ofSchema.push(...nested.ofSchema);
    errors.ofRules.push(...nested.ofRules);
  };
  visitAdditional(schema, path, inherited, errors, visit);
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    visit(property, `properties[${name}]`, {
      ...ofProperty(name, schema, path, inherited),
      place: inherited.place?.property(name, property),
    });
  visitJunctors(schema, visit);
  visitItems(schema, path, inherited, visit);
  for (const [name, one] of Object.entries(schema.dependencies ?? {}))
    if (one !== null && !Array.isArray(one)) visit(one, `dependencies[${name}]`);
  errors.ofSchema.push(...validateExtensions(schema, path, context));
  errors.ofSchema.push(...validateRules(schema, path));
  const { place, uncorrelatable } = inherited;
  if (errors.ofSchema.length === 0 && place !== undefined && schema["x-kubernetes-validations"]?.length)
    errors.ofRules.push(...validateExpressions(schema, path, place, { ...context, uncorrelatable }));
  return errors;
}

type Visit = (schema: JsonSchema | undefined, at: string, changed?: Partial<Inherited>) => void;

function visitAdditional(
  schema: JsonSchema,
  path: string,
  { isInsideMetadata, place }: Inherited,
  errors: TreeErrors,
  visit: Visit,
): void {
  if (schema.additionalProperties === undefined) return;
  const hasProperties = Object.keys(schema.properties ?? {}).length > 0;
  if (hasProperties && schema.additionalProperties !== true) {
    const why = "additionalProperties and properties are mutual exclusive";
    errors.ofSchema.push(forbidden(`${path}.additionalProperties`, why));
  }
  const additional = additionalSchema(schema);
  const noDefaults = "inside additionalProperties applying to object metadata";
  visit(additional, "additionalProperties", {
    ...(isInsideMetadata ? { noDefaults } : {}),
    place: additional && place?.element(additional),
  });
}

function ofProperty(
  name: string,
  schema: JsonSchema,
  path: string,
  { isRoot, uncorrelatable }: Inherited,
): Partial<Inherited> {
  const mapType = schema["x-kubernetes-map-type"] ?? "granular";
  const changed: Partial<Inherited> = {};
  if (mapType !== "granular" && mapType !== "atomic") changed.uncorrelatable = uncorrelatable ?? path;
  if (!METADATA_FIELDS.includes(name)) return changed;
  if (isRoot) changed.noDefaults = `in top-level ${name}`;
  if (isRoot || schema["x-kubernetes-embedded-resource"]) changed.isInsideMetadata = true;
  return changed;
}

function visitJunctors(schema: JsonSchema, visit: Visit): void {
  visit(schema.not, "not");
  for (const junctor of ["allOf", "oneOf", "anyOf"] as const)
    for (const [index, one] of (schema[junctor] ?? []).entries()) visit(one, `${junctor}[${index}]`);
  for (const [name, one] of Object.entries(schema.definitions ?? {})) visit(one, `definitions[${name}]`);
}

/** Items are the same between two versions of an object only where they have keys. */
function visitItems(
  schema: JsonSchema,
  path: string,
  { uncorrelatable, place }: Inherited,
  visit: Visit,
): void {
  const { items } = schema;
  const isKeyed = schema["x-kubernetes-list-type"] === "map";
  const changed = isKeyed ? {} : { uncorrelatable: uncorrelatable ?? path };
  if (Array.isArray(items))
    for (const [index, one] of items.entries()) visit(one, `items[${index}]`, changed);
  else if (items) visit(items, "items", { ...changed, place: place?.element(items) });
}

/** Fields that are no part of what a custom resource's schema may say (specStandardValidatorV3). */
function validateFields(
  schema: JsonSchema,
  path: string,
  inherited: Inherited,
  { options }: SchemaContext,
): FieldError[] {
  const { type = "", items } = schema;
  const errors: FieldError[] = [];
  const forbid = (field: string, why: string) => errors.push(forbidden(`${path}.${field}`, why));
  const unsupported = (field: keyof JsonSchema) => forbid(field, `${field} is not supported`);
  if (options.requiresValidTypes && type !== "" && !SCHEMA_TYPES.includes(type))
    errors.push(notSupported(`${path}.type`, type, SCHEMA_TYPES));
  if (schema.default !== undefined && inherited.noDefaults !== undefined)
    forbid("default", `must not be set ${inherited.noDefaults}`);
  if (schema.id) unsupported("id");
  if (schema.additionalItems !== undefined) unsupported("additionalItems");
  if (Object.keys(schema.patternProperties ?? {}).length > 0) unsupported("patternProperties");
  if (Object.keys(schema.definitions ?? {}).length > 0) unsupported("definitions");
  if (schema.dependencies !== undefined) unsupported("dependencies");
  if (schema.$ref !== undefined) unsupported("$ref");
  if (type === "null") forbid("type", "type cannot be set to null, use nullable as an alternative");
  if (Array.isArray(items) && items.length > 0)
    forbid("items", "items must be a schema object and not an array");
  if (inherited.isInsideMetadata && schema["x-kubernetes-embedded-resource"])
    forbid("x-kubernetes-embedded-resource", "must not be used inside of resource meta");
  if (schema.uniqueItems) {
    forbid("uniqueItems", "uniqueItems cannot be set to true since the runtime complexity becomes quadratic");
  }
  return errors;
}

function validateExtensions(schema: JsonSchema, path: string, { options }: SchemaContext): FieldError[] {
  const keepsUnknown = schema["x-kubernetes-preserve-unknown-fields"];
  return [
    ...(keepsUnknown === false
      ? [invalid(`${path}.x-kubernetes-preserve-unknown-fields`, false, "must be true or undefined")]
      : []),
    ...validateListAndMapTypes(schema, path, options),
    ...(options.requiresMapListKeys ? validateMapListKeys(schema, path) : []),
  ];
}
