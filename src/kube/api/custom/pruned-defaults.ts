import { cloneJson, isJsonObject, jsonEquals } from "../../../formats/index.ts";
import { coerceResource, MetadataProblem } from "./embedded-metadata.ts";
import { type JsonSchema, someSchema } from "./json-schema.ts";
import { pruneResource } from "./pruning.ts";
import { validateStructural } from "./structural-rules.ts";
import { type StructuralSchema, structuralSchemaOf } from "./structural-schema.ts";

/** Names of fields, and zeros for items of lists, from the root of a resource to a place in it. */
export type Steps = readonly (string | 0)[];

/** An object that has a value at a place and nothing else. */
export function surrounded(value: unknown, steps: Steps): unknown {
  return steps.reduceRight<unknown>((inner, step) => (step === 0 ? [inner] : { [step]: inner }), value);
}

function valueAt(root: unknown, steps: Steps): unknown {
  let value = root;
  for (const step of steps) {
    if (step === 0) value = Array.isArray(value) ? value[0] : undefined;
    else value = isJsonObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  }
  return value;
}

/** The schema with defaults as they are served: without what the schema does not know (defaulting.PruneDefaults). */
export function withPrunedDefaults(root: StructuralSchema): StructuralSchema {
  const prune = (schema: StructuralSchema, steps: Steps): StructuralSchema => ({
    ...schema,
    default: prunedDefault(schema, root, steps),
    properties: new Map([...schema.properties].map(([name, one]) => [name, prune(one, [...steps, name])])),
    items: schema.items && prune(schema.items, [...steps, 0]),
    additionalProperties: schema.additionalProperties && {
      ...schema.additionalProperties,
      schema:
        schema.additionalProperties.schema && prune(schema.additionalProperties.schema, [...steps, "*"]),
    },
  });
  return prune(root, []);
}

function prunedDefault(schema: StructuralSchema, root: StructuralSchema, steps: Steps): unknown {
  if (schema.default === undefined) return undefined;
  const object = surrounded(cloneJson(schema.default), steps);
  try {
    coerceResource(object, root);
  } catch (error) {
    // Of metadata that was never valid nothing can be served.
    if (!(error instanceof MetadataProblem)) throw error;
  }
  pruneResource(object, root);
  return valueAt(object, steps);
}

/** Whether a schema has a default with fields that it does not know itself; never of one that is not structural. */
export function hasUnprunedDefaults(source: JsonSchema): boolean {
  if (!someSchema(source, (one) => one.default !== undefined)) return false;
  let schema: StructuralSchema;
  try {
    schema = structuralSchemaOf(source);
  } catch {
    return false;
  }
  if (validateStructural(schema, "").length > 0) return false;
  return !sameDefaults(schema, withPrunedDefaults(schema));
}

function sameDefaults(a: StructuralSchema | undefined, b: StructuralSchema | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    jsonEquals(a.default, b.default) &&
    sameDefaults(a.items, b.items) &&
    sameDefaults(a.additionalProperties?.schema, b.additionalProperties?.schema) &&
    [...a.properties].every(([name, one]) => sameDefaults(one, b.properties.get(name)))
  );
}
