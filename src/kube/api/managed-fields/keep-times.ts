import { jsonEquals } from "../../../formats/index.ts";
import type { ManagedFieldsEntry } from "../generated/types.ts";
import type { KubeObject } from "../types.ts";

/**
 * The object with the times of the previous one, where nothing else differs: a write that changes nothing but the times
 * is no write. `next` is the object as it would be stored.
 */
export function keepTimes(next: KubeObject, previous: KubeObject): KubeObject {
  const [newer, older] = [entriesOf(next), entriesOf(previous)];
  if (newer.length !== older.length || newer.length === 0) return next;
  if (newer.every(({ time }, at) => time === older[at]!.time)) return next;
  const isSame = newer.every((entry, at) => jsonEquals({ ...entry, time: "" }, { ...older[at], time: "" }));
  if (!isSame || !jsonEquals(withoutEntries(next), withoutEntries(previous))) return next;
  return { ...next, metadata: { ...next.metadata, managedFields: older } };
}

function entriesOf(object: KubeObject): ManagedFieldsEntry[] {
  return (object.metadata.managedFields ?? []) as ManagedFieldsEntry[];
}

function withoutEntries(object: KubeObject): KubeObject {
  return { ...object, metadata: { ...object.metadata, managedFields: [] } };
}
