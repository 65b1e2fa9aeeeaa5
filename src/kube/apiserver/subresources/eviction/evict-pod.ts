import { rfc3339Seconds } from "../../../../base/index.ts";
import { type Pod, withPodCondition } from "../../../api/index.ts";
import { StoredObject } from "../../objects/stored-object.ts";
import type { ResourceCall, ServerContext } from "../../server-context.ts";
import { checkPreconditions, deleteAdmitted } from "../../verbs/delete-objects.ts";
import type { DeleteRequest } from "../../verbs/delete-plan.ts";
import { rewriteObject } from "../../verbs/rewrite-object.ts";

/** Deletes a pod, which says before that why it goes. Nothing is asked of admission: the eviction was. */
export async function evictPod(
  context: ServerContext,
  call: ResourceCall,
  request: DeleteRequest,
): Promise<void> {
  const marked = request.dryRun ? request : await markEvicted(context, call, request);
  const { subresource: _, ...info } = call.info;
  await deleteAdmitted(context, { ...call, info: { ...info, verb: "delete" } }, marked);
}

/** Sets the pod's condition; returns the deletion, which means the pod as it is after that. */
async function markEvicted(
  context: ServerContext,
  call: ResourceCall,
  request: DeleteRequest,
): Promise<DeleteRequest> {
  const condition = {
    type: "DisruptionTarget",
    status: "True",
    reason: "EvictionByEvictionAPI",
    message: "Eviction API: evicting",
  };
  const { object } = await rewriteObject(context, call, (current) => {
    checkPreconditions(call.kind, current.object, request);
    const next = current.mutableCopy();
    const now = rfc3339Seconds(context.clock.nowMs());
    next.status = { ...next.status, conditions: withPodCondition(next as unknown as Pod, condition, now) };
    return { next };
  });
  if (request.preconditions?.resourceVersion === undefined) return request;
  const { resourceVersion } = (object instanceof StoredObject ? object.object : object).metadata;
  return { ...request, preconditions: { ...request.preconditions, resourceVersion } };
}
