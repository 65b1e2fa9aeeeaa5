import type { CelSchema } from "../cel/index.ts";
import { findModel, type ModelField } from "./models.ts";
import type { KindDefinition } from "./types.ts";

/** How values stand in the OpenAPI definitions of the original; of those without a type expressions know nothing. */
const VALUES: Record<string, CelSchema> = {
  s: { type: "string" },
  b: { type: "boolean" },
  i: { type: "integer" },
  l: { type: "integer" },
  d: { type: "number" },
  y: { type: "string", format: "byte" },
  t: { type: "string", format: "date-time" },
  u: { type: "string", format: "date-time" },
  n: { type: "string" },
  x: { format: "int-or-string" },
  r: { type: "object" },
  f: { type: "object" },
  "*s": { type: "array", items: { type: "string" } },
};
const UNTYPED: CelSchema = {};

/** The schema of a kind's objects, without references: what types of expressions come from. */
export function kindSchema({ model, openApi }: KindDefinition): CelSchema {
  return openApi ? resolved(openApi(3).schema) : modelSchema(model, new Set());
}

/** A definition inside itself is an object of which nothing is known. */
function modelSchema(name: string, within: Set<string>): CelSchema {
  const model = findModel(name);
  if (!model || within.has(name)) return { type: "object" };
  within.add(name);
  const fields = [...model.fields.values()];
  const schema: CelSchema = {
    type: "object",
    properties: Object.fromEntries(fields.map((field) => [field.name, fieldSchema(field, within)])),
    required: fields.filter(({ required }) => required).map((field) => field.name),
  };
  within.delete(name);
  return schema;
}

function fieldSchema({ code, definition, isList, isMap }: ModelField, within: Set<string>): CelSchema {
  const value = code === "m" ? modelSchema(definition, within) : (VALUES[code] ?? UNTYPED);
  if (isList) return { type: "array", items: value };
  return isMap ? { type: "object", additionalProperties: value } : value;
}

/** A custom kind's schema, whose references are to what all kinds have. */
function resolved(schema: Record<string, unknown>): CelSchema {
  const { allOf, $ref, ...rest } = schema as CelSchema & { allOf?: { $ref?: string }[]; $ref?: string };
  const reference = $ref ?? allOf?.find((one) => one.$ref !== undefined)?.$ref;
  if (reference !== undefined) return modelSchema(reference.slice(reference.lastIndexOf("/") + 1), new Set());
  const inside = (one: CelSchema) => resolved(one as Record<string, unknown>);
  const { properties, items, additionalProperties } = rest;
  return {
    ...rest,
    ...(properties ? { properties: mapValues(properties, inside) } : {}),
    ...(items ? { items: inside(items) } : {}),
    ...(typeof additionalProperties === "object"
      ? { additionalProperties: inside(additionalProperties) }
      : {}),
  };
}

function mapValues(object: Readonly<Record<string, CelSchema>>, change: (one: CelSchema) => CelSchema) {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));
}
