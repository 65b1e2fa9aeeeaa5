import { itemSchema, type JsonSchema } from "../custom/json-schema.ts";
import { forbidden, GoLiteral, invalid, notSupported, required } from "../field-error.ts";
import type { FieldError } from "../types.ts";
import { isAtomic } from "./atomic-items.ts";

/** `x-kubernetes-map-type` and `x-kubernetes-list-type`, and what they ask of a schema and its items. */
export function validateListAndMapTypes(
  schema: JsonSchema,
  path: string,
  { requiresAtomicSets }: { requiresAtomicSets: boolean },
): FieldError[] {
  const listType = schema["x-kubernetes-list-type"];
  return [
    ...validateMapType(schema, path),
    ...(listType !== undefined && schema.type !== "array"
      ? wrongType(schema, `${path}.type`, "must be array if x-kubernetes-list-type is specified")
      : requiresAtomicSets
        ? validateSetItems(schema, `${path}.items`)
        : []),
    ...supported(`${path}.x-kubernetes-list-type`, listType, ["atomic", "set", "map"]),
    ...validateKeysGiven(schema, path),
    ...(listType === "map" ? validateMapList(schema, path) : []),
  ];
}

function supported(path: string, value: string | undefined, values: readonly string[]): FieldError[] {
  return value === undefined || values.includes(value) ? [] : [notSupported(path, value, values)];
}

function wrongType({ type = "" }: JsonSchema, path: string, why: string): FieldError[] {
  return [type === "" ? required(path, why) : invalid(path, type, why)];
}

function validateMapType(schema: JsonSchema, path: string): FieldError[] {
  const mapType = schema["x-kubernetes-map-type"];
  const errors =
    mapType !== undefined && schema.type !== "object"
      ? wrongType(schema, `${path}.type`, "must be object if x-kubernetes-map-type is specified")
      : [];
  return [...errors, ...supported(`${path}.x-kubernetes-map-type`, mapType, ["atomic", "granular"])];
}

function validateSetItems(schema: JsonSchema, path: string): FieldError[] {
  const items = itemSchema(schema);
  if (schema["x-kubernetes-list-type"] !== "set" || items === undefined || isAtomic(items)) return [];
  const field = items.type === "array" ? "x-kubernetes-list-type" : "x-kubernetes-map-type";
  const why = "must be atomic as item of a list with x-kubernetes-list-type=set";
  // Upstream shows the type of a list, also where that of a map is meant.
  return [invalid(`${path}.${field}`, items["x-kubernetes-list-type"], why)];
}

function validateKeysGiven(schema: JsonSchema, path: string): FieldError[] {
  const listType = schema["x-kubernetes-list-type"];
  if ((schema["x-kubernetes-list-map-keys"] ?? []).length === 0 || listType === "map") return [];
  const why = "must be map if x-kubernetes-list-map-keys is non-empty";
  const at = `${path}.x-kubernetes-list-type`;
  return [listType === undefined ? required(at, why) : invalid(at, listType, why)];
}

function validateMapList(schema: JsonSchema, path: string): FieldError[] {
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  const items = itemSchema(schema);
  const errors: FieldError[] = [];
  if (keys.length === 0) {
    const why = "must not be empty if x-kubernetes-list-type is map";
    errors.push(required(`${path}.x-kubernetes-list-map-keys`, why));
  }
  if (schema.items === undefined)
    errors.push(required(`${path}.items`, "must have a schema if x-kubernetes-list-type is map"));
  else if (items === undefined) {
    const shown = new GoLiteral(
      "apiextensions.JSONSchemaPropsOrArray{Schema:(*apiextensions.JSONSchemaProps)(nil)}",
    );
    errors.push(
      invalid(`${path}.items`, shown, "must only have a single schema if x-kubernetes-list-type is map"),
    );
  } else if (items.type !== "object") {
    const why = "must be object if parent array's x-kubernetes-list-type is map";
    errors.push(invalid(`${path}.items.type`, items.type ?? "", why));
  } else errors.push(...validateKeys(keys, items, path));
  return errors;
}

function validateKeys(keys: readonly string[], items: JsonSchema, path: string): FieldError[] {
  const at = `${path}.x-kubernetes-list-map-keys`;
  return keys.flatMap((key, index) => {
    const errors: FieldError[] = [];
    const property = propertyOf(items, key);
    if (property === undefined)
      errors.push(invalid(at, keys, "entries must all be names of item properties"));
    else if (property.type === "array" || property.type === "object") {
      const why = "must be a scalar type if parent array's x-kubernetes-list-type is map";
      errors.push(invalid(`${path}.items.properties[${key}].type`, items.type, why));
    }
    if (keys.indexOf(key) < index) errors.push(invalid(at, keys, "must not contain duplicate entries"));
    return errors;
  });
}

const propertyOf = ({ properties = {} }: JsonSchema, name: string) =>
  Object.hasOwn(properties, name) ? properties[name] : undefined;

/** Items of sets and maps are not null, and keys are always there (validateMapListKeysMapSet). */
export function validateMapListKeys(schema: JsonSchema, path: string): FieldError[] {
  const items = itemSchema(schema);
  const listType = schema["x-kubernetes-list-type"];
  if (items === undefined || (listType !== "set" && listType !== "map")) return [];
  const errors: FieldError[] = [];
  if (items.nullable) {
    const why = `cannot be nullable when x-kubernetes-list-type is ${listType}`;
    errors.push(forbidden(`${path}.items.nullable`, why));
  }
  if (listType === "set") return errors;
  for (const key of schema["x-kubernetes-list-map-keys"] ?? []) {
    const property = propertyOf(items, key);
    if (property === undefined) continue;
    const at = `${path}.items.properties[${key}]`;
    const why = "this property is in x-kubernetes-list-map-keys, so it";
    if (!items.required?.includes(key) && property.default === undefined)
      errors.push(required(`${at}.default`, `${why} must have a default or be a required property`));
    if (property.nullable) errors.push(forbidden(`${at}.nullable`, `${why} cannot be nullable`));
  }
  return errors;
}
