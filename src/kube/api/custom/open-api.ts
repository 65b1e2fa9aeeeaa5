import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from "../generated/types.ts";
import { describeModel } from "../models.ts";
import type { GroupVersionKind } from "../types.ts";
import type { JsonSchema } from "./json-schema.ts";
import { intOrStringPatterns, validateStructural } from "./structural-rules.ts";
import { structuralSchemaOf } from "./structural-schema.ts";

export type OpenApiSchema = Record<string, unknown>;
type Version = 2 | 3;

/** What the documents say of a custom kind and of its list, by the names of their definitions. */
export interface CustomOpenApi {
  schema: OpenApiSchema;
  listSchema: OpenApiSchema;
}

const META = "io.k8s.apimachinery.pkg.apis.meta.v1";
const CONVENTIONS = "https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md";
const METADATA = `Standard object's metadata. More info: ${CONVENTIONS}#metadata`;
const LIST_METADATA = `Standard list metadata. More info: ${CONVENTIONS}#types-kinds`;

/** `example.com/v1 R` is defined under `com.example.v1.R` (kube-openapi ToRESTFriendlyName). */
export function openApiName({ group, version, kind }: GroupVersionKind): string {
  return [...group.split(".").reverse(), version, kind].join(".");
}

/** The schemas of a version's kind (apiextensions-apiserver controller/openapi/builder). */
export function customOpenApi(
  definition: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
  openApi: Version,
): CustomOpenApi {
  const { group, names, preserveUnknownFields = false } = definition.spec;
  const kind = { group, version: version.name, kind: names.kind };
  const published = publishedSchema(version, openApi, preserveUnknownFields);
  const more = selectableFields(version);
  return {
    schema: { ...published, ...gvkExtension(kind), ...more },
    listSchema: { ...listSchema(definition, version, openApi), ...more },
  };
}

function gvkExtension({ group, version, kind }: GroupVersionKind): OpenApiSchema {
  return { "x-kubernetes-group-version-kind": [{ group, version, kind }] };
}

function selectableFields({ selectableFields: fields = [] }: CustomResourceDefinitionVersion): OpenApiSchema {
  if (fields.length === 0) return {};
  const paths = fields.map(({ jsonPath }) => ({ fieldPath: jsonPath.replace(/^\./, "") }));
  return { "x-kubernetes-selectable-fields": paths };
}

function publishedSchema(
  version: CustomResourceDefinitionVersion,
  openApi: Version,
  preserveUnknownFields: boolean,
): OpenApiSchema {
  const source = version.schema?.openAPIV3Schema as JsonSchema | undefined;
  // kubectl takes a schema with properties for one that forbids all others.
  const isOpen = preserveUnknownFields || source?.["x-kubernetes-preserve-unknown-fields"] === true;
  if (source === undefined || !isStructural(source) || (openApi === 2 && isOpen)) return { type: "object" };
  const schema = converted(source, openApi);
  const properties = {
    ...(schema.properties as OpenApiSchema | undefined),
    ...typeMeta(),
    metadata: reference("ObjectMeta", METADATA, openApi),
  };
  return { ...schema, properties };
}

function isStructural(source: JsonSchema): boolean {
  try {
    return validateStructural(structuralSchemaOf(source), "").length === 0;
  } catch {
    return false;
  }
}

const POD = "io.k8s.api.core.v1.Pod";

function typeMeta(): OpenApiSchema {
  return {
    apiVersion: { description: describeModel(POD, "apiVersion"), type: "string" },
    kind: { description: describeModel(POD, "kind"), type: "string" },
  };
}

/** In version 3 nothing stands beside a reference. */
function reference(name: string, description: string, openApi: Version): OpenApiSchema {
  if (openApi === 2) return { description, $ref: `#/definitions/${META}.${name}` };
  return { description, allOf: [{ $ref: `#/components/schemas/${META}.${name}` }] };
}

const NOT_PUBLISHED = new Set(["example", "externalDocs"]);
const INT_OR_STRING = [{ type: "integer" }, { type: "string" }];
/** What version 2 does not know. */
const JUNCTORS = ["allOf", "anyOf", "oneOf", "not"];

/** A schema as it is published: int-or-string spelled out, embedded resources with what they have by themselves. */
function converted(source: JsonSchema, openApi: Version): OpenApiSchema {
  const unfolded = unfold(source);
  const isForV2 = openApi === 2;
  const out: OpenApiSchema = {};
  for (const [field, value] of Object.entries(isForV2 ? lowered(unfolded) : unfolded)) {
    if (!NOT_PUBLISHED.has(field)) out[field] = value;
  }
  const { items, additionalProperties, properties } = out as JsonSchema;
  if (items) out.items = converted(items as JsonSchema, openApi);
  if (typeof additionalProperties === "object")
    out.additionalProperties = converted(additionalProperties, openApi);
  if (properties !== undefined) {
    const entries = Object.entries(properties).map(([name, one]) => [name, converted(one, openApi)]);
    out.properties = Object.fromEntries(entries);
  }
  if (isForV2) delete out.default;
  const isOpen = source["x-kubernetes-preserve-unknown-fields"] === true;
  if (source["x-kubernetes-embedded-resource"] && !(isForV2 && isOpen)) addResourceFields(out, openApi);
  return out;
}

function addResourceFields(schema: OpenApiSchema, openApi: Version): void {
  schema.properties = {
    ...(schema.properties as OpenApiSchema | undefined),
    apiVersion: {
      description: `apiVersion defines the versioned schema of this representation of an object. More info: ${CONVENTIONS}#resources`,
      type: "string",
    },
    kind: {
      description: `kind is a string value representing the type of this object. In CamelCase. More info: ${CONVENTIONS}#types-kinds`,
      type: "string",
    },
    metadata: reference("ObjectMeta", METADATA, openApi),
  };
  const required = (schema.required as string[] | undefined) ?? [];
  schema.required = [...required, ...["kind", "apiVersion"].filter((name) => !required.includes(name))];
}

function unfold(source: JsonSchema): JsonSchema {
  if (!source["x-kubernetes-int-or-string"]) return source;
  const { isAnyOf, isFirstAllOf } = intOrStringPatterns(structuralSchemaOf(source));
  if (isAnyOf || isFirstAllOf) return source;
  if (source.anyOf === undefined) return { ...source, anyOf: INT_OR_STRING };
  return { ...source, allOf: [{ anyOf: INT_OR_STRING }, ...(source.allOf ?? [])] };
}

/** What version 2, and the kubectl that reads it, can say of a schema (controller/openapi/v2 ToStructuralOpenAPIV2). */
function lowered(source: JsonSchema): JsonSchema {
  const entries = Object.entries(source).filter(([field]) => !JUNCTORS.includes(field));
  const out = Object.fromEntries(entries) as JsonSchema;
  if (out.nullable) {
    for (const field of ["type", "nullable", "items", "properties"] as const) delete out[field];
  }
  if (out["x-kubernetes-preserve-unknown-fields"]) {
    delete out.items;
    delete out.properties;
    if (out.type === "object") delete out.type;
  }
  if (out.items === undefined && out.type === "array") delete out.type;
  const { additionalProperties, properties = {} } = out;
  const isNull = (name: string) => Object.hasOwn(properties, name) && properties[name]!.nullable === true;
  const required = (out.required ?? []).filter((name) => !isNull(name));
  if (required.length > 0) out.required = required;
  else delete out.required;
  if (typeof additionalProperties === "object" && additionalProperties.nullable) delete out.required;
  return out;
}

function listSchema(
  { spec: { group, names } }: CustomResourceDefinition,
  { name: version }: CustomResourceDefinitionVersion,
  openApi: Version,
): OpenApiSchema {
  const item = openApiName({ group, version, kind: names.kind });
  const prefix = openApi === 2 ? "#/definitions/" : "#/components/schemas/";
  return {
    description: `${names.listKind} is a list of ${names.kind}`,
    type: "object",
    required: ["items"],
    properties: {
      ...typeMeta(),
      items: {
        description: `List of ${names.plural}. More info: ${CONVENTIONS}`,
        type: "array",
        items: { $ref: prefix + item },
      },
      metadata: reference("ListMeta", LIST_METADATA, openApi),
    },
    ...gvkExtension({ group, version, kind: names.listKind! }),
  };
}
