import { newUid, randomSuffix, rfc3339Seconds } from "../../../base/index.ts";
import { jsonEquals } from "../../../formats/index.ts";
import {
  type KindDefinition,
  type KubeObject,
  statusBadRequest,
  statusConflict,
  statusInvalid,
  statusUnclassified,
} from "../../api/index.ts";
import type { StoredObject } from "../objects/stored-object.ts";
import type { ResourceRequestInfo } from "../request-info.ts";

const GENERATED_BASE_LIMIT = 58;

/** Takes from a new object what only the server may set: admission sees it without (registry/rest WipeObjectMetaSystemFields). */
export function wipeSystemFields(kind: KindDefinition, object: KubeObject, info: ResourceRequestInfo): void {
  const { metadata } = object;
  takeNamespace(kind, object, info);
  const written: Partial<typeof metadata> & { selfLink?: string } = metadata;
  delete written.deletionTimestamp;
  delete written.deletionGracePeriodSeconds;
  delete written.selfLink;
  delete written.uid;
  dropEmpty(metadata);
  metadata.creationTimestamp = null;
}

/** Sets what only the server may set on a new object, and its name where it was left open (registry Store.Create). */
export function fillSystemFields(
  kind: KindDefinition,
  object: KubeObject,
  info: ResourceRequestInfo,
  nowMs: number,
): void {
  wipeSystemFields(kind, object, info);
  const { metadata } = object;
  if (needsName(object)) {
    metadata.name = metadata.generateName!.slice(0, GENERATED_BASE_LIMIT) + randomSuffix();
  }
  metadata.uid = newUid();
  metadata.creationTimestamp = rfc3339Seconds(nowMs);
  if (kind.tracksGeneration) metadata.generation = 1;
}

/** Whether the server is to find the object's name. */
export function needsName({ metadata }: KubeObject): boolean {
  return !metadata.name && !!metadata.generateName;
}

/** Brings back what an update may not change, and checks the version it was made for (registry/rest BeforeUpdate). */
export function prepareMetadataForUpdate(
  kind: KindDefinition,
  next: KubeObject,
  current: StoredObject,
  info: ResourceRequestInfo,
): void {
  const previous = current.object.metadata;
  const { metadata } = next;
  takeNamespace(kind, next, info);
  checkVersion(kind, next, current);
  metadata.uid ||= previous.uid;
  if (previous.creationTimestamp) metadata.creationTimestamp = previous.creationTimestamp;
  // Set where it is not, either is refused: a deletion is no update.
  if (previous.deletionTimestamp) metadata.deletionTimestamp = previous.deletionTimestamp;
  metadata.deletionGracePeriodSeconds ??= previous.deletionGracePeriodSeconds;
  if (metadata.deletionGracePeriodSeconds === undefined) delete metadata.deletionGracePeriodSeconds;
  copyOrDelete(metadata, previous, "generation");
  dropEmpty(metadata);
}

/**
 * Raises the generation when anything but metadata and status changed (in `compared`, where that tells more than `next`),
 * unless the kind's own rule already did.
 */
export function raiseGeneration(
  kind: KindDefinition,
  next: KubeObject,
  previous: KubeObject,
  compared: KubeObject = next,
): void {
  if (!kind.tracksGeneration || next.metadata.generation !== previous.metadata.generation) return;
  if (!jsonEquals(desired(compared), desired(previous)))
    next.metadata.generation = (previous.metadata.generation ?? 0) + 1;
}

/** What is wanted of an object: its spec, or of a kind without one all but metadata and status. */
function desired({ metadata: _, status: __, spec, ...rest }: KubeObject): unknown {
  return spec ?? rest;
}

/** What is sent to change an object must say which one it is (handlers' checkName). */
export function checkIdentity(kind: KindDefinition, object: KubeObject, info: ResourceRequestInfo): void {
  takeNamespace(kind, object, info);
  const { name } = object.metadata;
  if (!name) {
    throw statusBadRequest(
      `the name of the object (${info.name} based on URL) was undeterminable: name must be provided`,
    );
  }
  if (name === info.name) return;
  throw statusBadRequest(
    `the name of the object (${name}) does not match the name on the URL (${info.name})`,
  );
}

/** registry/rest EnsureObjectNamespaceMatchesRequestNamespace. */
function takeNamespace(kind: KindDefinition, { metadata }: KubeObject, info: ResourceRequestInfo): void {
  if (!kind.namespaced) {
    delete metadata.namespace;
    return;
  }
  metadata.namespace ||= info.namespace;
  if (metadata.namespace === info.namespace) return;
  throw statusBadRequest(
    "the namespace of the provided object does not match the namespace sent on the request",
  );
}

function checkVersion(kind: KindDefinition, next: KubeObject, current: StoredObject): void {
  const { name } = next.metadata;
  const version = versionOf(next);
  if (version !== 0n) {
    if (version !== BigInt(current.revision)) throw statusConflict(kind, name);
  } else if (!kind.allowUnconditionalUpdate) {
    const message = "Invalid value: 0x0: must be specified for an update";
    // Of a resource, where other refusals speak of a kind.
    throw statusInvalid({ group: kind.group, kind: kind.resource }, name, [
      { type: "FieldValueInvalid", field: "metadata.resourceVersion", message },
    ]);
  }
  next.metadata.resourceVersion = String(current.revision);
}

/** Absent is 0 (storage Versioner.ObjectResourceVersion). */
function versionOf({ metadata }: KubeObject): bigint {
  const text = metadata.resourceVersion || "0";
  const why = !/^\d+$/.test(text)
    ? "invalid syntax"
    : text.length > 20 || BigInt(text) > MAX_UINT64
      ? "value out of range"
      : undefined;
  if (why === undefined) return BigInt(text);
  throw statusUnclassified(`strconv.ParseUint: parsing ${JSON.stringify(text)}: ${why}`);
}

const MAX_UINT64 = 2n ** 64n - 1n;

/** A PUT that names a uid means that object and no other of its name (UpdatedObjectInfo.Preconditions). */
export function checkUid(
  kind: KindDefinition,
  sent: KubeObject,
  current: StoredObject | undefined,
  { info, dryRun }: { info: ResourceRequestInfo; dryRun: boolean },
): void {
  const { uid } = sent.metadata;
  const found = current?.object.metadata.uid ?? "";
  if (!uid || uid === found) return;
  const key = `${dryRun ? "" : "/registry"}${storageKey(kind, info)}`;
  throw statusConflict(
    kind,
    info.name!,
    `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ${uidMismatch(uid, found)}`,
  );
}

export function uidMismatch(wanted: string, found: string): string {
  return `Precondition failed: UID in precondition: ${wanted}, UID in object meta: ${found}`;
}

/** Keys that are named otherwise than their resource. */
const STORAGE_NAMES: Record<string, string> = {
  endpoints: "services/endpoints",
  nodes: "minions",
  replicationcontrollers: "controllers",
  services: "services/specs",
};

/** Where upstream keeps an object: only told, in errors. */
function storageKey({ group, resource }: KindDefinition, { namespace, name }: ResourceRequestInfo): string {
  const kept = group === "" ? (STORAGE_NAMES[resource] ?? resource) : resource;
  return `/${[kept, ...(namespace && resource !== "namespaces" ? [namespace] : []), name].join("/")}`;
}

function copyOrDelete<T, K extends keyof T>(target: T, source: T, field: K): void {
  if (source[field] === undefined) delete target[field];
  else target[field] = source[field];
}

/** Empty maps and lists are left out, as Go's encoder does: `{}` and nothing are no difference. */
function dropEmpty(metadata: KubeObject["metadata"]): void {
  for (const field of ["labels", "annotations", "finalizers", "ownerReferences"] as const) {
    const value = metadata[field];
    if (value !== undefined && Object.keys(value).length === 0) delete metadata[field];
  }
}
