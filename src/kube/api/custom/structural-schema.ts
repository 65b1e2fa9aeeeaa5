import { invalidArgument } from "../../../base/index.ts";
import type { ValidationRule } from "../generated/types.ts";
import { additionalSchema, itemSchema, type JsonSchema } from "./json-schema.ts";

/**
 * A schema whose structure is told apart from its rules about values (apiextensions-apiserver schema.Structural). The
 * schemas under `allOf` and the like are of the same shape; of them only the rules about values count.
 */
export interface StructuralSchema {
  /** As it stands in the definition. */
  readonly source: JsonSchema;
  /** Empty where anything may stand. */
  readonly type: string;
  readonly isNullable: boolean;
  /** Undefined: none. */
  readonly default: unknown;
  readonly properties: ReadonlyMap<string, StructuralSchema>;
  readonly items?: StructuralSchema | undefined;
  /** Without a schema: anything, or nothing if not allowed. */
  readonly additionalProperties?: { allows: boolean; schema?: StructuralSchema | undefined } | undefined;
  readonly preservesUnknownFields: boolean;
  readonly isEmbeddedResource: boolean;
  readonly isIntOrString: boolean;
  readonly listType?: string | undefined;
  readonly listMapKeys: readonly string[];
  readonly mapType?: string | undefined;
  /** `x-kubernetes-validations`. */
  readonly rules: readonly ValidationRule[];
  readonly required: readonly string[];
  readonly allOf: readonly StructuralSchema[];
  readonly anyOf: readonly StructuralSchema[];
  readonly oneOf: readonly StructuralSchema[];
  readonly not?: StructuralSchema | undefined;
}

const UNSUPPORTED = [
  "id",
  "$schema",
  "$ref",
  "patternProperties",
  "dependencies",
  "additionalItems",
  "definitions",
] as const;

/** Reads a schema as a structural one. Throws InvalidArgument where it uses what no structural schema has. */
export function structuralSchemaOf(source: JsonSchema): StructuralSchema {
  refuseUnsupported(source);
  const additional = additionalSchema(source);
  const list = (schemas: JsonSchema[] = []) => schemas.map(structuralSchemaOf);
  const items = itemSchema(source);
  return {
    source,
    type: source.type ?? "",
    isNullable: source.nullable ?? false,
    default: source.default ?? undefined,
    properties: new Map(
      Object.entries(source.properties ?? {}).map(([name, one]) => [name, structuralSchemaOf(one)]),
    ),
    items: items && structuralSchemaOf(items),
    additionalProperties:
      source.additionalProperties === undefined
        ? undefined
        : {
            allows: source.additionalProperties !== false,
            schema: additional && structuralSchemaOf(additional),
          },
    preservesUnknownFields: source["x-kubernetes-preserve-unknown-fields"] ?? false,
    isEmbeddedResource: source["x-kubernetes-embedded-resource"] ?? false,
    isIntOrString: source["x-kubernetes-int-or-string"] ?? false,
    listType: source["x-kubernetes-list-type"],
    listMapKeys: source["x-kubernetes-list-map-keys"] ?? [],
    mapType: source["x-kubernetes-map-type"],
    rules: source["x-kubernetes-validations"] ?? [],
    required: source.required ?? [],
    allOf: list(source.allOf),
    anyOf: list(source.anyOf),
    oneOf: list(source.oneOf),
    not: source.not && structuralSchemaOf(source.not),
  };
}

function refuseUnsupported(source: JsonSchema): void {
  const field = UNSUPPORTED.find((name) => isGiven(source, name));
  if (field !== undefined)
    throw invalidArgument(`OpenAPIV3Schema '${field === "$schema" ? "schema" : field}' is not supported`);
  if (source["x-kubernetes-preserve-unknown-fields"] === false) {
    throw invalidArgument("internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined");
  }
  if (Array.isArray(source.items) && source.items.length > 0)
    throw invalidArgument("OpenAPIV3Schema 'items' must be a schema, but is an array");
}

/** Empty texts and maps are as good as none. */
function isGiven(source: JsonSchema, field: (typeof UNSUPPORTED)[number]): boolean {
  const value = source[field];
  if (value === undefined || value === "") return false;
  return typeof value !== "object" || field === "additionalItems" || Object.keys(value).length > 0;
}

/** A schema that knows of nothing, for resources without one. */
export const EMPTY_SCHEMA: StructuralSchema = structuralSchemaOf({});

/** The schema of a resource's root, whose metadata is that of an embedded resource. */
export function asResourceRoot(schema: StructuralSchema): StructuralSchema {
  return schema.isEmbeddedResource ? schema : { ...schema, isEmbeddedResource: true };
}

/** The schema of a field of an object; undefined where it knows none. */
export function fieldSchema(schema: StructuralSchema, field: string): StructuralSchema | undefined {
  return schema.properties.get(field) ?? schema.additionalProperties?.schema;
}
