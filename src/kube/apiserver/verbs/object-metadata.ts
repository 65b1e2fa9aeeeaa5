import { newUid, randomSuffix, rfc3339Seconds } from "../../../base/index.ts";
import { jsonEquals } from "../../../formats/index.ts";
import {
  type KindDefinition,
  type KubeObject,
  statusBadRequest,
  statusConflict,
  statusInvalid,
} from "../../api/index.ts";
import type { StoredObject } from "../objects/stored-object.ts";
import type { ResourceRequestInfo } from "../request-info.ts";

const GENERATED_BASE_LIMIT = 58;

/** Sets what only the server may set on a new object (registry/rest BeforeCreate). */
export function prepareMetadataForCreate(
  kind: KindDefinition,
  object: KubeObject,
  info: ResourceRequestInfo,
  nowMs: number,
): void {
  const { metadata } = object;
  takeNamespace(
    kind,
    object,
    info,
    "the namespace of the provided object does not match the namespace sent on the request",
  );
  if (info.name !== undefined && info.subresource === undefined) takeName(object, info.name);
  if (!metadata.name && metadata.generateName) {
    metadata.name = metadata.generateName.slice(0, GENERATED_BASE_LIMIT) + randomSuffix();
  }
  const written: Partial<typeof metadata> & { selfLink?: string } = metadata;
  delete written.resourceVersion;
  delete written.deletionTimestamp;
  delete written.deletionGracePeriodSeconds;
  delete written.generation;
  delete written.selfLink;
  delete written.managedFields;
  dropEmpty(metadata);
  metadata.uid = newUid();
  metadata.creationTimestamp = rfc3339Seconds(nowMs);
  if (kind.tracksGeneration) metadata.generation = 1;
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
  takeNamespace(
    kind,
    next,
    info,
    `the namespace of the object (${metadata.namespace}) does not match the namespace on the request (${info.namespace})`,
  );
  takeName(next, info.name!);
  checkVersion(kind, next, current);
  metadata.uid ||= previous.uid;
  metadata.creationTimestamp = previous.creationTimestamp;
  copyOrDelete(metadata, previous, "generateName");
  copyOrDelete(metadata, previous, "deletionTimestamp");
  copyOrDelete(metadata, previous, "deletionGracePeriodSeconds");
  copyOrDelete(metadata, previous, "generation");
  delete metadata.managedFields;
  delete (metadata as { selfLink?: string }).selfLink;
  dropEmpty(metadata);
}

/** Raises the generation when anything but metadata and status changed, unless the kind's own rule already did. */
export function raiseGeneration(kind: KindDefinition, next: KubeObject, previous: KubeObject): void {
  if (!kind.tracksGeneration || next.metadata.generation !== previous.metadata.generation) return;
  if (!jsonEquals(next.spec, previous.spec))
    next.metadata.generation = (previous.metadata.generation ?? 0) + 1;
}

function takeNamespace(
  kind: KindDefinition,
  object: KubeObject,
  info: ResourceRequestInfo,
  mismatch: string,
): void {
  const { metadata } = object;
  if (!kind.namespaced) {
    delete metadata.namespace;
    return;
  }
  metadata.namespace ||= info.namespace;
  if (metadata.namespace !== info.namespace) throw statusBadRequest(mismatch);
}

function takeName({ metadata }: KubeObject, name: string): void {
  metadata.name ||= name;
  if (metadata.name === name) return;
  throw statusBadRequest(
    `the name of the object (${metadata.name}) does not match the name on the URL (${name})`,
  );
}

function checkVersion(kind: KindDefinition, next: KubeObject, current: StoredObject): void {
  const { resourceVersion, uid, name } = next.metadata;
  if (resourceVersion && resourceVersion !== "0") {
    if (resourceVersion !== String(current.revision)) throw statusConflict(kind, name);
  } else if (kind.allowUnconditionalUpdate === false) {
    const message = 'Invalid value: "": must be specified for an update';
    throw statusInvalid(kind, name, [
      { type: "FieldValueInvalid", field: "metadata.resourceVersion", message },
    ]);
  }
  if (uid && uid !== current.object.metadata.uid) {
    throw statusConflict(
      kind,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.object.metadata.uid}`,
    );
  }
  next.metadata.resourceVersion = String(current.revision);
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
