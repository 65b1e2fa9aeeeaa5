/** JSON Schema (draft 7) as ajv takes it. */
export type Schema = Readonly<Record<string, unknown>>;

export const text: Schema = { type: "string" };
export const flag: Schema = { type: ["boolean", "string"] };
export const number: Schema = { type: ["number", "string"] };
export const integer: Schema = { type: ["integer", "string"] };
export const anyOf = (...types: string[]): Schema => ({ type: types });
export const choice = (...values: string[]): Schema => ({ type: "string", enum: values });
export const ref = (name: string): Schema => ({ $ref: `#/definitions/${name}` });
export const either = (...schemas: Schema[]): Schema => ({ oneOf: schemas });
export const list = (items: Schema): Schema => ({ type: "array", items });
export const set = (items: Schema): Schema => ({ type: "array", items, uniqueItems: true });

/** A map with these keys only, and extensions. */
export function record(properties: Record<string, Schema>, required: string[] = []): Schema {
  return closed(properties, required, { "^x-": {} });
}

/** A map with these keys only. */
export function closed(
  properties: Record<string, Schema>,
  required: string[] = [],
  patternProperties?: Record<string, Schema>,
): Schema {
  return {
    type: "object",
    properties,
    additionalProperties: false,
    ...(patternProperties ? { patternProperties } : {}),
    ...(required.length > 0 ? { required } : {}),
  };
}

export const orNull = (schema: Schema): Schema => ({ ...schema, type: [schema.type as string, "null"] });

/** Names of services, networks and all else that stands at the top. */
export const NAME = "^[a-zA-Z0-9._-]+$";
export const named = (of: Schema, strict = true): Schema => ({
  type: "object",
  patternProperties: { [NAME]: of },
  ...(strict ? { additionalProperties: false } : {}),
});
/** A map with any keys. */
export const open = (of: Schema): Schema => ({ type: "object", patternProperties: { "^.+$": of } });
