import { asResourceRoot, type StructuralSchema } from "./structural-schema.ts";

/** What every resource has, whatever its schema says. */
const RESOURCE_FIELDS = new Set(["apiVersion", "kind", "metadata"]);

/**
 * Removes in place what a resource's schema does not know (apiextensions-apiserver pruning). Answers the removed fields'
 * paths in order, `spec.ports[0].nam`.
 */
export function pruneResource(object: unknown, schema: StructuralSchema): string[] {
  return pruneValue(object, asResourceRoot(schema));
}

/** As `pruneResource` for a value inside of a resource. */
export function pruneValue(value: unknown, schema: StructuralSchema): string[] {
  const removed: string[] = [];
  prune(value, schema, "", removed);
  return removed.sort();
}

function prune(value: unknown, schema: StructuralSchema | undefined, path: string, removed: string[]): void {
  if (typeof value !== "object" || value === null) return;
  if (schema?.preservesUnknownFields) {
    keep(value, schema, path, removed);
  } else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) prune(item, schema?.items, `${path}[${index}]`, removed);
  } else {
    pruneObject(value as Record<string, unknown>, schema, path, removed);
  }
}

function pruneObject(
  object: Record<string, unknown>,
  schema: StructuralSchema | undefined,
  path: string,
  removed: string[],
): void {
  for (const key of Object.keys(object)) {
    if (schema?.isEmbeddedResource && RESOURCE_FIELDS.has(key)) continue;
    const at = joined(path, key);
    const property = schema?.properties.get(key);
    if (property !== undefined) prune(object[key], property, at, removed);
    else if (schema?.additionalProperties !== undefined)
      prune(object[key], schema.additionalProperties.schema, at, removed);
    else {
      removed.push(at);
      delete object[key];
    }
  }
}

/** Where unknown fields stay, those that are known are pruned inside. */
function keep(value: unknown, schema: StructuralSchema | undefined, path: string, removed: string[]): void {
  if (schema === undefined || typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) keep(item, schema.items, `${path}[${index}]`, removed);
    return;
  }
  for (const [key, one] of Object.entries(value)) {
    if (schema.isEmbeddedResource && RESOURCE_FIELDS.has(key)) continue;
    const property = schema.properties.get(key);
    if (property !== undefined) prune(one, property, joined(path, key), removed);
    else if (schema.additionalProperties !== undefined)
      prune(one, schema.additionalProperties.schema, joined(path, key), removed);
  }
}

const joined = (path: string, key: string) => (path === "" ? key : `${path}.${key}`);
