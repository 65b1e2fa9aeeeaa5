import { jsonEquals } from "../../../formats/index.ts";
import type { Schema } from "./schemas.ts";
import { type Swagger, withDefinitionNames } from "./swagger.ts";

const KINDS = "x-kubernetes-group-version-kind";

/**
 * One document of several. Of paths that stand in more than one the first counts; a definition that differs from one of the same name
 * gets another name (kube-openapi MergeSpecsIgnorePathConflictRenamingDefinitionsAndParameters).
 */
export function mergedSwagger(own: Swagger, others: readonly Swagger[]): Swagger {
  const merged: Swagger = { ...own, paths: { ...own.paths }, definitions: { ...own.definitions } };
  for (const other of others) add(merged, other);
  return merged;
}

function add(merged: Swagger, other: Swagger): void {
  const names = namesFor(merged.definitions, other.definitions);
  const { paths, definitions } = withDefinitionNames(other, (name) => names.get(name) ?? name);
  for (const [path, item] of Object.entries(paths)) merged.paths[path] ??= item;
  for (const [oldName, schema] of Object.entries(definitions)) {
    const name = names.get(oldName)!;
    const known = merged.definitions[name];
    merged.definitions[name] = known ? withKindsOf(known, schema) : schema;
  }
}

/** Under which name each definition comes in. */
function namesFor(
  taken: Record<string, Schema>,
  definitions: Record<string, Schema>,
): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const [name, schema] of Object.entries(definitions)) {
    let free = name;
    for (let number = 2; !fits(free); number++) free = `${name}_v${number}`;
    names.set(name, free);

    function fits(candidate: string): boolean {
      if (candidate !== name && Object.hasOwn(definitions, candidate)) return false;
      const known = taken[candidate];
      return known === undefined || jsonEquals(withoutKinds(known), withoutKinds(schema));
    }
  }
  return names;
}

function withoutKinds({ [KINDS]: _, ...schema }: Schema): Schema {
  return schema;
}

/** What is of several kinds with each server is of all of them. */
function withKindsOf(known: Schema, other: Schema): Schema {
  const kinds = [known, other].flatMap((one) => (Array.isArray(one[KINDS]) ? one[KINDS] : []));
  const distinct = kinds.filter((kind, index) => kinds.findIndex((one) => jsonEquals(one, kind)) === index);
  return distinct.length > 0 ? { ...known, [KINDS]: distinct } : known;
}
