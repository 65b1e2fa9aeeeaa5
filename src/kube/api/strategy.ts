import { cloneJson } from "../../formats/index.ts";
import type { KubeObject } from "./types.ts";

/** Status belongs to controllers: the main resource neither sets nor changes it. */
export function dropStatus(object: KubeObject): void {
  delete object.status;
}

/** An update through the main resource leaves the status as it is. */
export function keepStatus(next: KubeObject, previous: KubeObject): void {
  if (previous.status === undefined) delete next.status;
  else next.status = cloneJson(previous.status);
}

/** An update through `/status` changes the status and little else. */
export function keepSpec(next: KubeObject, previous: KubeObject): void {
  if (previous.spec === undefined) delete next.spec;
  else next.spec = cloneJson(previous.spec);
}

/** As `keepSpec`, for workloads whose labels are no business of a status writer either. */
export function keepSpecAndLabels(next: KubeObject, previous: KubeObject): void {
  keepSpec(next, previous);
  if (previous.metadata.labels === undefined) delete next.metadata.labels;
  else next.metadata.labels = { ...previous.metadata.labels };
}

/** Of a write only these fields count, and who owns them: all others, and the metadata, stay as they are. */
export function keepAllBut(next: KubeObject, previous: KubeObject, fields: readonly string[]): void {
  const changed = fields.map((field) => [field, next[field]] as const);
  const { managedFields } = next.metadata;
  for (const field of Object.keys(next)) delete next[field];
  Object.assign(next, cloneJson(previous));
  for (const [field, value] of changed) {
    if (value === undefined) delete next[field];
    else next[field] = value;
  }
  if (managedFields === undefined) delete next.metadata.managedFields;
  else next.metadata.managedFields = managedFields;
}

/** Nor is anything else of the metadata, where upstream resets it (metav1.ResetObjectMetaForStatus). */
export function keepMetadata(next: KubeObject, previous: KubeObject): void {
  for (const field of META_FIELDS) {
    const kept = previous.metadata[field];
    if (kept === undefined) delete next.metadata[field];
    else Object.assign(next.metadata, { [field]: kept });
  }
}

const META_FIELDS = [
  "deletionTimestamp",
  "generation",
  "labels",
  "annotations",
  "finalizers",
  "ownerReferences",
] as const;
