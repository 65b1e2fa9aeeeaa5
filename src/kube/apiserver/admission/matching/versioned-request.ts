import {
  convertedObject,
  type GroupVersionKind,
  type KindDefinition,
  type KubeObject,
} from "../../../api/index.ts";
import type { AdmissionRequest } from "../admission.ts";

/** A request as one who asked for a certain version is to see it (apiserver admission.VersionedAttributes). */
export interface VersionedRequest {
  request: AdmissionRequest;
  /** Whose resource it counts as: the request's own, or one that shows the same objects. */
  resource: KindDefinition;
  /** What kind the objects are of. */
  kind: GroupVersionKind;
  object: KubeObject | undefined;
  oldObject: KubeObject | undefined;
}

/** Whether its objects are of the resource's own kind, and not the bodies of a subresource. */
export function isOfResource({ kind, objectKind }: AdmissionRequest): boolean {
  return kind.kind === objectKind.kind && kind.group === objectKind.group;
}

/** Throws what keeps the objects from being converted. */
export async function versionedRequest(
  request: AdmissionRequest,
  resource: KindDefinition,
): Promise<VersionedRequest> {
  const { kind: own, objectKind, object, oldObject } = request;
  if (resource === own || !isOfResource(request))
    return { request, resource, kind: objectKind, object, oldObject };
  const converted = (one: KubeObject | undefined) => one && convertedObject(one, own, resource);
  return {
    request,
    resource,
    kind: resource,
    object: await converted(object),
    oldObject: await converted(oldObject),
  };
}
