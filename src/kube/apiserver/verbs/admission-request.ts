import type { GroupVersionKind, KindDefinition, KubeObject } from "../../api/index.ts";
import type { AdmissionOperation, AdmissionRequest } from "../admission/admission.ts";
import type { ResourceCall } from "../server-context.ts";
import type { DeleteRequest } from "./delete-plan.ts";

export interface AdmittedObjects {
  object?: KubeObject;
  oldObject?: KubeObject;
  /** What kind they are of, where not of the resource's: the body of a subresource. */
  kind?: GroupVersionKind;
  /** What a delete is to do, where the call is one. */
  deletion?: DeleteRequest;
}

/** A call as admission sees it. */
export function admissionRequest(
  call: ResourceCall,
  operation: AdmissionOperation,
  { object, oldObject, kind: objectKind = call.kind, deletion }: AdmittedObjects = {},
): AdmissionRequest {
  const { kind, info, user, query, warnings, auditAnnotations } = call;
  const name = info.name ?? (operation === "CREATE" ? object?.metadata.name || undefined : undefined);
  return {
    operation,
    kind,
    objectKind,
    subresource: info.subresource,
    // A namespace counts as lying in itself, a new one, too.
    namespace: info.namespace ?? (isNamespace(kind) ? name : undefined),
    name,
    object,
    oldObject,
    user,
    dryRun: operation !== "CONNECT" && (deletion ?? query).dryRun === true,
    get options() {
      return optionsOf(operation, query, deletion);
    },
    get signal() {
      return call.signal;
    },
    reinvocation: { isWanted: false, isSecond: false, state: new Map() },
    warn: (text) => {
      if (!warnings.includes(text)) warnings.push(text);
    },
    annotate: (key, value) => {
      if (!auditAnnotations.has(key)) auditAnnotations.set(key, value);
    },
  };
}

function isNamespace({ group, resource }: KindDefinition): boolean {
  return group === "" && resource === "namespaces";
}

const OPTIONS: Partial<Record<AdmissionOperation, string>> = {
  CREATE: "CreateOptions",
  UPDATE: "UpdateOptions",
  DELETE: "DeleteOptions",
};

function optionsOf(
  operation: AdmissionOperation,
  { dryRun, fieldManager, fieldValidation }: ResourceCall["query"],
  deletion: DeleteRequest | undefined,
): object | undefined {
  const kind = OPTIONS[operation];
  if (kind === undefined) return undefined;
  const { dryRun: isDryRun, ...said } = deletion ?? { dryRun, fieldManager, fieldValidation };
  const given = Object.entries(said).filter(([, value]) => value !== undefined && value !== "");
  return {
    kind,
    apiVersion: "meta.k8s.io/v1",
    ...(isDryRun ? { dryRun: ["All"] } : {}),
    ...Object.fromEntries(given),
  };
}
