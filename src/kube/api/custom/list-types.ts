import { isJsonObject } from "../../../formats/index.ts";
import { duplicate, invalid } from "../field-error.ts";
import { goUnstructured } from "../go-unstructured.ts";
import type { FieldError } from "../types.ts";
import { childPath, keyPath } from "./field-path.ts";
import type { StructuralSchema } from "./structural-schema.ts";

/** Items that are twice in lists of type `set`, or that share their keys in lists of type `map` (ValidateListSetsAndMaps). */
export function validateListTypes(
  value: unknown,
  schema: StructuralSchema | undefined,
  path = "",
): FieldError[] {
  if (schema === undefined) return [];
  if (Array.isArray(value)) return validateList(value, schema, path);
  if (!isJsonObject(value)) return [];
  const errors: FieldError[] = [];
  const additional = schema.additionalProperties?.schema;
  for (const [key, one] of Object.entries(value)) {
    if (additional !== undefined) errors.push(...validateListTypes(one, additional, keyPath(path, key)));
    errors.push(...validateListTypes(one, schema.properties.get(key), childPath(path, key)));
  }
  return errors;
}

function validateList(list: readonly unknown[], schema: StructuralSchema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (schema.listType === "set") errors.push(...duplicates(list, path));
  if (schema.listType === "map") errors.push(...validateMap(list, schema.listMapKeys, path));
  list.forEach((item, index) => {
    errors.push(...validateListTypes(item, schema.items, `${path}[${index}]`));
  });
  return errors;
}

/** One for each value that is there more than once, at its second place. */
function duplicates(list: readonly unknown[], path: string): FieldError[] {
  const seen = new Map<string, number>();
  return list.flatMap((item, index) => {
    const key = canonical(item);
    const times = seen.get(key) ?? 0;
    seen.set(key, times + 1);
    return times === 1 ? [duplicate(`${path}[${index}]`, goUnstructured(item))] : [];
  });
}

function validateMap(list: readonly unknown[], keys: readonly string[], path: string): FieldError[] {
  const odd = list.findIndex((item) => item !== null && !isJsonObject(item));
  if (odd >= 0) {
    const why = "must be an object for an array of list-type map";
    return [invalid(`${path}[${odd}]`, goUnstructured(list[odd]), why)];
  }
  return duplicates(
    list.map((item) => keysOf(item, keys)),
    path,
  );
}

function keysOf(item: unknown, keys: readonly string[]): Record<string, unknown> {
  if (!isJsonObject(item)) return {};
  return Object.fromEntries(keys.filter((key) => Object.hasOwn(item, key)).map((key) => [key, item[key]]));
}

/** The same text for the same value, whatever the order of its fields. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, one) =>
    isJsonObject(one) ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1))) : one,
  );
}
