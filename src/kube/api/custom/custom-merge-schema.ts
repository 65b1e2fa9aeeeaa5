import {
  deducedSchema,
  type MergeKey,
  type MergeMap,
  type MergeSchema,
} from "../managed-fields/merge-schema.ts";
import { modelSchema } from "../managed-fields/model-schema.ts";
import type { StructuralSchema } from "./structural-schema.ts";

const OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
const STRING: MergeSchema = { scalar: "string" };
const UNTYPED: MergeSchema = { scalar: "untyped" };
const NUMERIC: MergeSchema = { scalar: "numeric" };
const BOOLEAN: MergeSchema = { scalar: "boolean" };

/** How objects of a custom kind merge (kube-openapi schemaconv of what is published of them). */
export function customMergeSchema(schema: StructuralSchema): MergeSchema {
  return { map: mapOf(schema, RESOURCE_FIELDS) };
}

/** What every resource has, whatever its schema says of it. */
const RESOURCE_FIELDS = new Map<string, () => MergeSchema>([
  ["apiVersion", () => STRING],
  ["kind", () => STRING],
  ["metadata", () => modelSchema(OBJECT_META)],
]);
const NO_FIELDS: typeof RESOURCE_FIELDS = new Map();

function placeOf(schema: StructuralSchema): MergeSchema {
  if (schema.isIntOrString) return UNTYPED;
  switch (schema.type) {
    case "object":
      return { map: mapOf(schema, schema.isEmbeddedResource ? RESOURCE_FIELDS : NO_FIELDS) };
    case "array":
      return { list: listOf(schema) };
    case "string":
      return STRING;
    case "integer":
    case "number":
      return NUMERIC;
    case "boolean":
      return BOOLEAN;
    default:
      return deducedSchema;
  }
}

function listOf({ items, listType, listMapKeys }: StructuralSchema) {
  const element = items ? placeOf(items) : deducedSchema;
  if (listType === "set") return { isAtomic: false, keys: [], element };
  if (listType !== "map") return { isAtomic: true, keys: [], element };
  return { isAtomic: false, keys: listMapKeys.map((name) => keyOf(name, items)), element };
}

function keyOf(name: string, items: StructuralSchema | undefined): MergeKey {
  const value = items?.properties.get(name)?.default;
  return { name, default: value as MergeKey["default"] };
}

function mapOf(schema: StructuralSchema, more: typeof RESOURCE_FIELDS): MergeMap {
  const { properties, additionalProperties, preservesUnknownFields } = schema;
  const places = new Map<string, MergeSchema>();
  const field = (name: string): MergeSchema | undefined => {
    const known = places.get(name);
    if (known) return known;
    const own = properties.get(name);
    const place = more.get(name)?.() ?? (own && placeOf(own));
    if (place) places.set(name, place);
    return place;
  };
  const additional = additionalProperties?.schema && placeOf(additionalProperties.schema);
  const isOpen = preservesUnknownFields || (additionalProperties?.allows && !additional);
  return {
    isAtomic: schema.mapType === "atomic",
    hasFields: properties.size + more.size > 0,
    field,
    element: additional ?? (isOpen ? deducedSchema : undefined),
  };
}
