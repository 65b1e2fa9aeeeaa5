import { difference, EMPTY_SET, type FieldSet, intersection, isSubset, union } from "./field-set.ts";
import { fieldSetOf } from "./field-set-of.ts";
import type { ManagerIdentifier } from "./managed-entry.ts";
import type { VersionedSet } from "./managers.ts";
import type { MergeSchema } from "./merge-schema.ts";
import { holdsItemNames, withNamedMembers } from "./named-members.ts";
import { removeItems } from "./remove-items.ts";
import type { Versions } from "./versions.ts";

export interface PruneRequest {
  /** The live object with the configuration laid over it, in the version that is applied. */
  merged: unknown;
  /** All managers, the applying one with its new set. */
  managers: ReadonlyMap<ManagerIdentifier, VersionedSet>;
  /** What the applying manager owned before. */
  last: VersionedSet | undefined;
  applied: { set: FieldSet; apiVersion: string };
  versions: Versions;
}

/**
 * Takes fields and items away that the manager applied last time and not now, and that nobody else owns. What it never
 * owned stays, unless it stood in an item that goes.
 */
export function prune(request: PruneRequest): unknown {
  const { last, merged } = request;
  if (last === undefined || last.set.isEmpty || isKept(last, request)) return merged;
  return pruneLast(request, last);
}

/** Whoever applies all again that was applied before takes nothing away, if the names of its items are among that. */
function isKept({ set, apiVersion }: VersionedSet, { applied, versions }: PruneRequest): boolean {
  if (apiVersion !== applied.apiVersion || !isSubset(set, applied.set)) return false;
  return holdsItemNames(set, versions.schemaAt(apiVersion));
}

/** `prune` of a manager that owned something: the whole way, whether there is something to take away or not. */
export function pruneLast(
  { merged, managers, applied, versions }: PruneRequest,
  { set, apiVersion }: VersionedSet,
): unknown {
  const schema = versions.schemaAt(apiVersion);
  if (schema === undefined) return merged;
  const before = versions.convert(merged, applied.apiVersion, apiVersion);
  const lastSet = withNamedMembers(set, schema);
  const bare = removeItems(before, lastSet, schema);
  const owned = addBackOwned({ merged: before, pruned: bare, apiVersion, managers, versions });
  const lost = difference(namedSetOf(before, schema), namedSetOf(owned, schema));
  const pruned = removeItems(before, intersection(lost, lastSet), schema);
  return versions.convert(pruned, apiVersion, applied.apiVersion);
}

function namedSetOf(value: unknown, schema: MergeSchema): FieldSet {
  return withNamedMembers(fieldSetOf(value, schema), schema);
}

interface Pruning {
  merged: unknown;
  pruned: unknown;
  /** Of both objects. */
  apiVersion: string;
  managers: ReadonlyMap<ManagerIdentifier, VersionedSet>;
  versions: Versions;
}

/** Puts back what any manager owns; the version of the objects first, for what other versions are converted from. */
function addBackOwned({ managers, versions, ...objects }: Pruning): unknown {
  const owned = new Map<string, FieldSet>();
  for (const { apiVersion, set } of managers.values())
    owned.set(apiVersion, union(owned.get(apiVersion) ?? EMPTY_SET, set));
  const others = [...owned.keys()].filter((version) => version !== objects.apiVersion);
  let { merged, pruned, apiVersion } = objects;
  for (const version of [objects.apiVersion, ...others]) {
    const [schema, managed] = [versions.schemaAt(version), owned.get(version)];
    if (schema === undefined || managed === undefined) continue;
    [merged, pruned] = [merged, pruned].map((one) => versions.convert(one, apiVersion, version));
    apiVersion = version;
    const kept = union(namedSetOf(pruned, schema), withNamedMembers(managed, schema));
    pruned = removeItems(merged, difference(namedSetOf(merged, schema), kept), schema);
  }
  return versions.convert(pruned, apiVersion, objects.apiVersion);
}
