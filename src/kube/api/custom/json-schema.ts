import type { JSONSchemaProps } from "../generated/types.ts";

type Nested =
  | "items"
  | "additionalItems"
  | "additionalProperties"
  | "allOf"
  | "anyOf"
  | "oneOf"
  | "not"
  | "properties"
  | "patternProperties"
  | "definitions"
  | "dependencies";

/** JSONSchemaProps as a definition holds them, with what may stand in place of a schema spelled out. */
export interface JsonSchema extends Omit<JSONSchemaProps, Nested> {
  items?: JsonSchema | JsonSchema[] | null;
  additionalItems?: JsonSchema | boolean;
  additionalProperties?: JsonSchema | boolean;
  allOf?: JsonSchema[];
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  not?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  patternProperties?: Record<string, JsonSchema>;
  definitions?: Record<string, JsonSchema>;
  dependencies?: Record<string, JsonSchema | string[] | null>;
}

/** The one schema of all items, where it is one. */
export function itemSchema({ items }: JsonSchema): JsonSchema | undefined {
  return items === null || items === undefined || Array.isArray(items) ? undefined : items;
}

/** The schema of what has no property of its own, where it is one. */
export function additionalSchema({ additionalProperties }: JsonSchema): JsonSchema | undefined {
  return typeof additionalProperties === "object" ? additionalProperties : undefined;
}

/** Whether a schema or one inside of it is as asked (apiextensions SchemaHas). */
export function someSchema(schema: JsonSchema | undefined, isWanted: (one: JsonSchema) => boolean): boolean {
  if (schema === undefined) return false;
  return isWanted(schema) || nestedSchemas(schema).some((one) => someSchema(one, isWanted));
}

function nestedSchemas(schema: JsonSchema): JsonSchema[] {
  const { items, additionalItems, additionalProperties, not } = schema;
  const one = [items ?? [], additionalItems, additionalProperties, not].flat();
  const maps = [schema.properties, schema.patternProperties, schema.definitions, schema.dependencies];
  const lists = [schema.allOf, schema.anyOf, schema.oneOf];
  return [
    ...one,
    ...maps.flatMap((map) => Object.values(map ?? {})),
    ...lists.flatMap((list) => list ?? []),
  ].filter(
    (value): value is JsonSchema => typeof value === "object" && value !== null && !Array.isArray(value),
  );
}
