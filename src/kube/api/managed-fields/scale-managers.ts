import type { ManagedFieldsEntry } from "../generated/types.ts";
import { difference, type FieldSet, fieldSetOfPaths } from "./field-set.ts";
import { Managers } from "./managers.ts";
import { fieldElement, type Path } from "./path-element.ts";

/** Where the replicas of a scalable kind stand by API version; null in one without a scale subresource. */
export type ReplicasPaths = ReadonlyMap<string, Path | null>;

const SCALE_VERSION = "autoscaling/v1";
const SCALE_REPLICAS: Path = ["spec", "replicas"].map(fieldElement);

/** The managers of a resource that own its replicas, as managers of its Scale. */
export function scaleManagers(
  parent: readonly ManagedFieldsEntry[] | undefined,
  paths: ReplicasPaths,
): ManagedFieldsEntry[] {
  const managers = Managers.decode(parent);
  for (const [manager, fields] of managers.fields) {
    const path = paths.get(fields.apiVersion);
    if (!path || !fields.set.has(path)) managers.fields.delete(manager);
    else managers.fields.set(manager, { ...fields, set: setOf(SCALE_REPLICAS), apiVersion: SCALE_VERSION });
  }
  return managers.encode();
}

/** The managers of a resource after a write through its Scale; `apiVersion` is that of the resource in the request. */
export function parentManagers(
  parent: readonly ManagedFieldsEntry[] | undefined,
  scale: readonly ManagedFieldsEntry[] | undefined,
  paths: ReplicasPaths,
  apiVersion: string,
): ManagedFieldsEntry[] {
  const managers = Managers.decode(parent);
  const scaling = Managers.decode(scale);
  for (const [manager, fields] of managers.fields) {
    const path = paths.get(fields.apiVersion);
    if (path === undefined) managers.fields.delete(manager);
    if (!path || !fields.set.has(path) || scaling.fields.delete(manager)) continue;
    // Whoever does not own the replicas of the Scale any more has lost them here too.
    const set = difference(fields.set, setOf(path));
    if (set.isEmpty) managers.fields.delete(manager);
    else managers.fields.set(manager, { ...fields, set });
  }
  const path = paths.get(apiVersion);
  for (const [manager, { set, isApplied }] of scaling.fields) {
    if (!path || !set.has(SCALE_REPLICAS)) continue;
    // The time of the write is not told: a manager that is new here has none.
    managers.fields.set(manager, { set: setOf(path), apiVersion, isApplied });
  }
  return managers.encode();
}

const setOf = (path: Path): FieldSet => fieldSetOfPaths([path]);
