import { cloneJson, setOwn } from "../../../formats/index.ts";
import { fieldSchema, type StructuralSchema } from "./structural-schema.ts";

/**
 * Fills in place what is absent, or null where that may not be, with the schema's defaults (apiextensions-apiserver
 * defaulting.Default). Nothing that is filled in is shared with the schema.
 */
export function setSchemaDefaults(value: unknown, schema: StructuralSchema | undefined): void {
  if (schema === undefined || typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    value.forEach((item, index) => {
      if (isWronglyNull(item, schema.items)) value[index] = defaultOf(schema.items!) ?? null;
      setSchemaDefaults(value[index], schema.items);
    });
    return;
  }
  const object = value as Record<string, unknown>;
  for (const [name, property] of schema.properties) {
    if (property.default === undefined) continue;
    if (!Object.hasOwn(object, name) || isWronglyNull(object[name], property))
      setOwn(object, name, defaultOf(property));
  }
  for (const key of Object.keys(object)) {
    const property = schema.properties.get(key);
    const additional = schema.additionalProperties?.schema;
    if (property === undefined && isWronglyNull(object[key], additional))
      setOwn(object, key, defaultOf(additional!) ?? null);
    setSchemaDefaults(object[key], property ?? additional);
  }
}

const defaultOf = (schema: StructuralSchema) => cloneJson(schema.default);
const isWronglyNull = (value: unknown, schema: StructuralSchema | undefined) =>
  value === null && schema !== undefined && !schema.isNullable;

/** Removes in place the nulls that may not be and have no default (PruneNonNullableNullsWithoutDefaults). */
export function dropNulls(value: unknown, schema: StructuralSchema | undefined): void {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) dropNulls(item, schema?.items);
    return;
  }
  const object = value as Record<string, unknown>;
  for (const key of Object.keys(object)) {
    const field = schema && fieldSchema(schema, key);
    if (isWronglyNull(object[key], field) && field!.default === undefined) delete object[key];
    else dropNulls(object[key], field);
  }
}
