import { rfc3339Seconds } from "../../../base/index.ts";
import {
  type KindDefinition,
  type KubeObject,
  statusConflict,
  statusForbidden,
  statusNotFound,
} from "../../api/index.ts";
import { StoredObject } from "../objects/stored-object.ts";
import type { Answer, ListAnswer, ResourceCall, ServerContext } from "../server-context.ts";
import { admissionRequest } from "./admission-request.ts";
import { reserveCompanions } from "./companions.ts";
import { deleteOptionsOf } from "./delete-options.ts";
import { type DeletePlan, type DeleteRequest, planDelete } from "./delete-plan.ts";
import { listObjects } from "./read-objects.ts";
import { MAX_ATTEMPTS } from "./rewrite-object.ts";

export async function deleteObject(context: ServerContext, call: ResourceCall): Promise<Answer> {
  const { kind, info } = call;
  const request = deleteOptionsOf(call);
  warnOfOrphans(call, request);
  const why = kind.refusesDelete?.(info.name!);
  if (why !== undefined) throw statusForbidden(kind, info.name!, why);
  const { object, gone } = await deleteOne(context, call, info.name!, request);
  if (!gone || kind.returnsDeletedObject) return { form: "object", kind, object, code: 200 };
  const { metadata } = object instanceof StoredObject ? object.object : object;
  return { form: "status", status: deletedStatus(kind, metadata) };
}

/** Deletes what a list with the same selectors would give; answers with that list. */
export async function deleteCollection(context: ServerContext, call: ResourceCall): Promise<ListAnswer> {
  const request = deleteOptionsOf(call);
  warnOfOrphans(call, request);
  const list = await listObjects(context, { ...call, query: { ...call.query, resourceVersion: undefined } });
  for (const item of list.items) {
    const { name } = item.object.metadata;
    const one: ResourceCall = { ...call, info: { ...call.info, name } };
    try {
      await deleteOne(context, one, name, {
        ...request,
        preconditions: { uid: item.object.metadata.uid },
      });
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
  return list;
}

/** Where the request does not say what becomes of dependents. */
function warnOfOrphans({ kind, warnings }: ResourceCall, request: DeleteRequest): void {
  const isSaid = request.propagationPolicy !== undefined || request.orphanDependents !== undefined;
  if (!isSaid && kind.orphansWarning !== undefined) warnings.push(kind.orphansWarning);
}

/** Another client was faster: the object is gone, or a new one has its name. */
function isGone(error: unknown): boolean {
  const { reason } = (error as { status?: { reason?: string } }).status ?? {};
  return reason === "NotFound" || reason === "Conflict";
}

/** Deletes an object without asking admission, which has been asked about the request that leads to it. */
export async function deleteAdmitted(
  context: ServerContext,
  call: ResourceCall,
  request: DeleteRequest,
): Promise<void> {
  await deleteOne(context, call, call.info.name!, request, async () => {});
}

function asksAdmission(context: ServerContext, call: ResourceCall, deletion: DeleteRequest) {
  return async (oldObject: KubeObject): Promise<void> => {
    const admission = admissionRequest(call, "DELETE", { oldObject, deletion });
    await context.admission.mutate(admission);
    await context.admission.validate(admission);
  };
}

async function deleteOne(
  context: ServerContext,
  call: ResourceCall,
  name: string,
  request: DeleteRequest,
  admit = asksAdmission(context, call, request),
): Promise<{ object: StoredObject | KubeObject; gone: boolean }> {
  const { kind, info } = call;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const current = await context.objects.find(kind, info.namespace, name);
    if (!current) throw statusNotFound(kind, name);
    checkPreconditions(kind, current.object, request);
    await admit(current.object);
    const plan = planFor(kind, current.object, request, context.clock.nowMs());
    if (plan.action === "pending") return { object: current, gone: false };
    if (request.dryRun) return { object: plan.next, gone: plan.action === "remove" };
    const outcome =
      plan.action === "update"
        ? await context.objects.replace(kind, current, plan.next)
        : await context.objects.remove(
            current,
            await reserveCompanions(context, {
              call,
              next: undefined,
              previous: current.object,
              avoid: new Set(),
            }),
          );
    if (outcome.done) return { object: outcome.object, gone: plan.action === "remove" };
  }
  throw statusConflict(kind, name);
}

function planFor(
  kind: KindDefinition,
  object: KubeObject,
  request: DeleteRequest,
  nowMs: number,
): DeletePlan {
  if (kind.markForDeletion && !object.metadata.deletionTimestamp) {
    const next = structuredClone(object);
    kind.markForDeletion(next, rfc3339Seconds(nowMs));
    return { action: "update", next };
  }
  if (!kind.heldBySpecFinalizers) return planDelete(kind, object, request, nowMs);
  if (object.metadata.deletionTimestamp) {
    return object.spec?.finalizers?.length ? { action: "pending" } : planDelete(kind, object, request, nowMs);
  }
  // A namespace is emptied first: its controller works off spec.finalizers.
  const plan = planDelete(kind, object, request, nowMs);
  const next = plan.action === "update" ? plan.next : structuredClone(object);
  if (!object.spec?.finalizers?.length && plan.action === "remove") return plan;
  next.metadata.deletionTimestamp = rfc3339Seconds(nowMs);
  delete next.metadata.deletionGracePeriodSeconds;
  next.status = { ...next.status, phase: "Terminating" };
  return { action: "update", next };
}

export function checkPreconditions(
  kind: KindDefinition,
  { metadata }: KubeObject,
  { preconditions }: DeleteRequest,
): void {
  const { uid, resourceVersion } = preconditions ?? {};
  // Of a kind, where other conflicts speak of a resource (registry/rest BeforeDelete).
  const of = { group: kind.group, resource: kind.kind };
  if (uid && uid !== metadata.uid) {
    throw statusConflict(
      of,
      metadata.name,
      `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
    );
  }
  if (resourceVersion && resourceVersion !== metadata.resourceVersion) {
    throw statusConflict(
      of,
      metadata.name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
    );
  }
}

function deletedStatus(kind: KindDefinition, { name, uid }: KubeObject["metadata"]): KubeObject {
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {} as KubeObject["metadata"],
    status: "Success",
    details: { name, ...(kind.group === "" ? {} : { group: kind.group }), kind: kind.resource, uid },
  };
}
