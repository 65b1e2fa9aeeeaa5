import { errorMessage } from "../../../base/index.ts";
import { isDns1035Label, isDns1123Subdomain } from "../../../formats/index.ts";
import { type JsonSchema, someSchema } from "../custom/json-schema.ts";
import { EMPTY_SCHEMA, type StructuralSchema, structuralSchemaOf } from "../custom/structural-schema.ts";
import { IMMUTABLE, invalid, oneOf, required } from "../field-error.ts";
import type { SelectableField } from "../generated/types.ts";
import { isPrintable } from "../go-print.ts";
import type { FieldError } from "../types.ts";
import { goVersions } from "./go-schema.ts";
import { type InternalSpec, type InternalVersion, type SchemaHolder, schemasOf } from "./internal-spec.ts";
import type { DefinitionOptions } from "./schema-options.ts";
import { validateColumns, validateSelectableFields, validateSubresources } from "./validate-columns.ts";
import { validateConversion } from "./validate-conversion.ts";
import { joined, validateNames } from "./validate-names.ts";
import { validateSchemaHolder } from "./validate-schema.ts";

const PATH = "spec";

/** A definition's spec in upstream's order (apiextensions validateCustomResourceDefinitionSpec). */
export function validateSpec(spec: InternalSpec, given: DefinitionOptions): FieldError[] {
  const options = stricter(spec, given);
  const versions = spec.versions ?? [];
  return [
    ...validateGroup(spec.group),
    ...oneOf(`${PATH}.scope`, spec.scope, ["Cluster", "Namespaced"]),
    ...validateSchemasGiven(spec, options),
    ...validateDefaultsAllowed(spec),
    ...versions.flatMap((version, index) => [
      ...joined(isDns1035Label(version.name), version.name, `${PATH}.versions[${index}].name`),
      ...validateVersion(version, spec, options, `${PATH}.versions[${index}]`),
    ]),
    ...validateVersionSet(spec),
    ...validateNamesGiven(spec),
    ...validateNames(spec.names, `${PATH}.names`),
    ...validateSchemaHolder(spec.validation, sharedContext(spec, options), `${PATH}.validation`),
    ...validateSubresources(spec.subresources, `${PATH}.subresources`),
    ...validateColumns(spec.additionalPrinterColumns, `${PATH}.additionalPrinterColumns`),
    ...validateSharedSelectableFields(spec),
    ...validateConversionAllowed(spec),
    ...validateConversion(spec.conversion, options, `${PATH}.conversion`),
  ];
}

/** Who prunes, defaults or uses Kubernetes' own extensions needs schemas that are structural. */
function stricter(spec: InternalSpec, options: DefinitionOptions): DefinitionOptions {
  const isNeeded = !spec.preserveUnknownFields || hasDefaults(spec) || hasExtensions(spec);
  return isNeeded ? { ...options, requiresStructuralSchema: true } : options;
}

const hasDefaults = (spec: InternalSpec) =>
  schemasOf(spec).some((schema) => someSchema(schema, (one) => one.default !== undefined));

const EXTENSIONS: (keyof JsonSchema)[] = [
  "x-kubernetes-embedded-resource",
  "x-kubernetes-preserve-unknown-fields",
  "x-kubernetes-int-or-string",
  "x-kubernetes-list-map-keys",
  "x-kubernetes-list-type",
  "x-kubernetes-validations",
];

function hasExtensions(spec: InternalSpec): boolean {
  const isExtended = (schema: JsonSchema) => EXTENSIONS.some((field) => schema[field] !== undefined);
  return schemasOf(spec).some((schema) => someSchema(schema, isExtended));
}

function validateGroup(group: string): FieldError[] {
  const path = `${PATH}.group`;
  if (group === "") return [required(path)];
  const problems = isDns1123Subdomain(group);
  if (problems.length > 0) return joined(problems, group, path);
  return group.includes(".") ? [] : [invalid(path, group, "should be a domain with at least one dot")];
}

function validateSchemasGiven(spec: InternalSpec, { requiresSchema }: DefinitionOptions): FieldError[] {
  if (spec.validation?.openAPIV3Schema !== undefined) return [];
  return (spec.versions ?? []).flatMap((version, index) => {
    if (version.schema?.openAPIV3Schema !== undefined) return [];
    const path = `${PATH}.versions[${index}].schema.openAPIV3Schema`;
    if (requiresSchema) return [required(path, "schemas are required")];
    const isPruned = !spec.preserveUnknownFields && version.served;
    return isPruned ? [required(path, "because otherwise all fields are pruned")] : [];
  });
}

function validateDefaultsAllowed(spec: InternalSpec): FieldError[] {
  if (!spec.preserveUnknownFields || !hasDefaults(spec)) return [];
  const why = "must be false in order to use defaults in the schema";
  return [invalid(`${PATH}.preserveUnknownFields`, true, why)];
}

function validateVersion(
  version: InternalVersion,
  spec: InternalSpec,
  options: DefinitionOptions,
  path: string,
): FieldError[] {
  const { deprecated = false, deprecationWarning, schema, selectableFields = [] } = version;
  const hasStatus = (version.subresources ?? spec.subresources)?.status !== undefined;
  const isUnchanged = options.unchangedVersions.has(version.name);
  return [
    ...warningProblems(deprecated, deprecationWarning).map((why) =>
      invalid(`${path}.deprecationWarning`, deprecationWarning, why),
    ),
    ...validateSchemaHolder(schema, { options, hasStatus, isUnchanged }, `${path}.schema`),
    ...validateSubresources(version.subresources, `${path}.subresources`),
    ...validateColumns(version.additionalPrinterColumns, `${path}.additionalPrinterColumns`),
    ...validateOwnSelectableFields(selectableFields, schema, path),
  ];
}

const MAX_WARNING_BYTES = 256;

function warningProblems(isDeprecated: boolean, warning: string | undefined): string[] {
  if (warning === undefined) return [];
  if (!isDeprecated) return ["can only be set for deprecated versions"];
  const problems: string[] = [];
  if (Buffer.byteLength(warning) > MAX_WARNING_BYTES) problems.push("must be <= 256 characters long");
  if (warning === "") problems.push("must not be an empty string");
  const odd = [...warning].find((char) => !isPrintable(char));
  if (odd !== undefined) {
    const at = Buffer.byteLength(warning.slice(0, warning.indexOf(odd)));
    problems.push(
      `must only contain printable UTF-8 characters; non-printable character found at index ${at}`,
    );
  }
  return problems;
}

function validateOwnSelectableFields(
  fields: readonly SelectableField[],
  schema: SchemaHolder | undefined,
  path: string,
): FieldError[] {
  if (fields.length === 0) return [];
  const at = `${path}.selectableFields`;
  if (schema?.openAPIV3Schema !== undefined) return selectableFieldErrors(fields, schema, path, at);
  // Upstream says the opposite of what it means.
  const why = "selectableFields may only be set when version.schema.openAPIV3Schema is not included";
  return [invalid(at, "", why)];
}

function validateSharedSelectableFields({ selectableFields = [], validation }: InternalSpec): FieldError[] {
  if (selectableFields.length === 0) return [];
  const at = `${PATH}.selectableFields`;
  if (validation !== undefined) return selectableFieldErrors(selectableFields, validation, PATH, at);
  return [invalid(at, "", "selectableFields may only be set when validations.schema is included")];
}

function selectableFieldErrors(
  fields: readonly SelectableField[],
  { openAPIV3Schema = {} }: SchemaHolder,
  path: string,
  at: string,
): FieldError[] {
  const errors: FieldError[] = [];
  let schema: StructuralSchema = EMPTY_SCHEMA;
  try {
    schema = structuralSchemaOf(openAPIV3Schema);
  } catch (error) {
    errors.push(invalid(`${path}.schema.openAPIV3Schema`, "", errorMessage(error)));
  }
  return [...errors, ...validateSelectableFields(fields, schema, at)];
}

function validateVersionSet(spec: InternalSpec): FieldError[] {
  const versions = spec.versions ?? [];
  const wrong = (why: string) => invalid(`${PATH}.versions`, goVersions(spec.versions), why);
  const errors: FieldError[] = [];
  if (new Set(versions.map((version) => version.name)).size < versions.length)
    errors.push(wrong("must contain unique version names"));
  if (versions.filter((version) => version.storage).length !== 1)
    errors.push(wrong("must have exactly one version marked as storage version"));
  if (spec.version !== "")
    errors.push(...joined(isDns1035Label(spec.version), spec.version, `${PATH}.version`));
  return errors;
}

function validateNamesGiven({ names }: InternalSpec): FieldError[] {
  return (["plural", "singular", "kind", "listKind"] as const).flatMap((field) =>
    names[field] ? [] : [required(`${PATH}.names.${field}`)],
  );
}

function sharedContext(spec: InternalSpec, options: DefinitionOptions) {
  const all = [spec.subresources, ...(spec.versions ?? []).map((version) => version.subresources)];
  return {
    options,
    hasStatus: all.some((subresources) => subresources?.status !== undefined),
    isUnchanged: options.unchangedVersions.has(spec.version),
  };
}

function validateConversionAllowed({ conversion, preserveUnknownFields }: InternalSpec): FieldError[] {
  if (conversion === undefined || conversion.strategy === "None" || !preserveUnknownFields) return [];
  const why = "must be None if spec.preserveUnknownFields is true";
  return [invalid(`${PATH}.conversion.strategy`, conversion.strategy, why)];
}

/** What is part of the resource's name never changes, and once it is served no more of its names (…SpecUpdate). */
export function validateSpecUpdate(
  next: InternalSpec,
  previous: InternalSpec,
  options: DefinitionOptions,
): FieldError[] {
  const errors = validateSpec(next, options);
  const keep = (field: string, value: string, before: string) => {
    if (value !== before) errors.push(invalid(`${PATH}.${field}`, value, IMMUTABLE));
  };
  if (options.requiresImmutableNames) {
    keep("scope", next.scope, previous.scope);
    keep("names.kind", next.names.kind, previous.names.kind);
  }
  keep("group", next.group, previous.group);
  keep("names.plural", next.names.plural, previous.names.plural);
  return errors;
}
