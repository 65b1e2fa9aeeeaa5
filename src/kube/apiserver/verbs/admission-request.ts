import type { GroupVersionKind, KubeObject } from "../../api/index.ts";
import type { AdmissionOperation, AdmissionRequest } from "../admission/admission.ts";
import type { ResourceCall } from "../server-context.ts";

export interface AdmittedObjects {
  object?: KubeObject;
  oldObject?: KubeObject;
  /** What kind they are of, where not of the resource's: the body of a subresource. */
  kind?: GroupVersionKind;
}

/** A call as admission sees it. */
export function admissionRequest(
  call: ResourceCall,
  operation: AdmissionOperation,
  { object, oldObject, kind: objectKind = call.kind }: AdmittedObjects = {},
): AdmissionRequest {
  const { kind, info, user, query, warnings, auditAnnotations } = call;
  return {
    operation,
    kind,
    objectKind,
    subresource: info.subresource,
    namespace: info.namespace,
    name: info.name,
    object,
    oldObject,
    user,
    dryRun: query.dryRun === true,
    warn: (text) => {
      if (!warnings.includes(text)) warnings.push(text);
    },
    annotate: (key, value) => {
      if (!auditAnnotations.has(key)) auditAnnotations.set(key, value);
    },
  };
}
