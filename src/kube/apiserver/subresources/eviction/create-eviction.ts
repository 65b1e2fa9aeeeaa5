import {
  evictions,
  invalid,
  isPodReady,
  isStatusError,
  type Pod,
  type PodDisruptionBudget,
  pods,
  statusBadRequest,
  statusInvalid,
  statusNotFound,
  statusUnclassified,
} from "../../../api/index.ts";
import type { KubeObject } from "../../../api/types.ts";
import type { Answer, ResourceCall, ServerContext } from "../../server-context.ts";
import { admissionRequest } from "../../verbs/admission-request.ts";
import { PlainBody } from "../../verbs/decode-object.ts";
import { deleteOptionsOf } from "../../verbs/delete-options.ts";
import type { DeleteRequest } from "../../verbs/delete-plan.ts";
import { requireBody } from "../../verbs/request-body.ts";
import { successStatus } from "../success-status.ts";
import { budgetsOf, stillProcessed, takeDisruption } from "./disruption-budget.ts";
import { evictPod } from "./evict-pod.ts";

/** As often upstream tries again where another writer was faster (EvictionsRetry). */
const ATTEMPTS = 20;

/** `pods/NAME/eviction` (`kubectl drain`): a delete that a disruption budget may refuse (registry/core/pod EvictionREST). */
export async function createEviction(context: ServerContext, call: ResourceCall): Promise<Answer> {
  const eviction = requireBody(call, evictions);
  if (eviction.metadata.name !== call.info.name)
    throw statusBadRequest("name in URL does not match name in Eviction object");
  const admission = admissionRequest(call, "CREATE", { object: eviction, kind: evictions });
  await context.admission.mutate(admission);
  const request = deletionOf(call, admission.object!);
  await context.admission.validate(admission);
  const pod = await evictUnbudgeted(context, call, request);
  if (pod) await evictBudgeted(context, call, request, pod);
  return { form: "status", status: successStatus(201) };
}

/** What the delete is to do: by the eviction's options, and a dry run where the request is one. */
function deletionOf({ query, audit: _, ...call }: ResourceCall, eviction: KubeObject): DeleteRequest {
  const options = (eviction.deleteOptions ?? {}) as { dryRun?: string[] } & Record<string, unknown>;
  const field = "ignoreStoreReadErrorWithClusterBreakingPotential";
  if (options[field] === true) {
    const why = "can not be set for pod eviction, try after removing the option";
    throw statusInvalid(evictions, call.info.name!, [invalid(`deleteOptions.${field}`, true, why)]);
  }
  const asked = query.dryRun ? ["All"] : [];
  const { dryRun = [] } = options;
  if (asked.length > 0 && dryRun.length > 0 && dryRun.join() !== asked.join()) {
    const shown = `[${asked.join(" ")}] and [${dryRun.join(" ")}]`;
    throw statusUnclassified(`Non-matching dry-run options in request and content: ${shown}`);
  }
  const body = new PlainBody({ ...options, dryRun: dryRun.length > 0 ? dryRun : asked });
  return deleteOptionsOf({ ...call, query: {}, body });
}

const setsVersion = ({ preconditions }: DeleteRequest): boolean =>
  preconditions?.resourceVersion !== undefined;

function withVersion(request: DeleteRequest, { metadata }: Pod): DeleteRequest {
  const { resourceVersion } = metadata;
  return { ...request, preconditions: { ...request.preconditions, resourceVersion } };
}

/** Pods that end already or have not begun disturb nobody: they go at once. Returns the pod where that is not so. */
async function evictUnbudgeted(
  context: ServerContext,
  call: ResourceCall,
  request: DeleteRequest,
): Promise<Pod | undefined> {
  for (let attempt = 1; ; attempt++) {
    const pod = await findPod(context, call);
    if (!isEnding(pod) && pod.status?.phase !== "Pending") return pod;
    // It may become ready meanwhile, and then it counts.
    const guarded = !isEnding(pod) && !setsVersion(request) ? withVersion(request, pod) : request;
    try {
      await evictPod(context, call, guarded);
      return undefined;
    } catch (error) {
      const mayRepeat = !setsVersion(request) && attempt < ATTEMPTS;
      if (!mayRepeat || !isStatusError(error, "Conflict")) throw error;
    }
  }
}

async function findPod(context: ServerContext, { info }: ResourceCall): Promise<Pod> {
  const found = await context.objects.find(pods, info.namespace, info.name!);
  if (!found) throw statusNotFound(pods, info.name!);
  return found.object as unknown as Pod;
}

function isEnding({ status, metadata }: Pod): boolean {
  const { phase } = status ?? {};
  return phase === "Succeeded" || phase === "Failed" || metadata.deletionTimestamp !== undefined;
}

async function evictBudgeted(
  context: ServerContext,
  call: ResourceCall,
  request: DeleteRequest,
  pod: Pod,
): Promise<void> {
  const [budget, another] = await budgetsOf(context, call, pod);
  if (another) {
    throw statusUnclassified(
      "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
    );
  }
  if (!budget) return evictPod(context, call, request);
  if (!mayGoUnready(pod, budget)) {
    await takeDisruption(context, call, budget, request.dryRun === true);
    return evictPod(context, call, request);
  }
  try {
    await evictPod(context, call, withVersion(request, pod));
  } catch (error) {
    // It may have become ready meanwhile: the client is to come again.
    if (setsVersion(request) || !isStatusError(error, "Conflict")) throw error;
    throw stillProcessed(budget);
  }
}

/** A pod that is not ready is not counted, so that it costs the budget nothing; whether it may go is the budget's to say. */
function mayGoUnready(pod: Pod, { spec, status }: PodDisruptionBudget): boolean {
  if (isPodReady(pod)) return false;
  if (spec.unhealthyPodEvictionPolicy === "AlwaysAllow") return true;
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {};
  return currentHealthy >= desiredHealthy && desiredHealthy > 0;
}
