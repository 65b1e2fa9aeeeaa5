import { rfc3339Seconds } from "../../../../base/index.ts";
import { labelSelectorFrom } from "../../../../formats/index.ts";
import {
  disruptionAllowedConditions,
  type KubeObject,
  type Pod,
  type PodDisruptionBudget,
  podDisruptionBudgets,
  type StatusError,
  statusForbidden,
  statusTooManyRequests,
} from "../../../api/index.ts";
import { MASTERS } from "../../authentication/users.ts";
import type { ResourceCall, ServerContext } from "../../server-context.ts";
import { PlainBody } from "../../verbs/decode-object.ts";
import { listObjects } from "../../verbs/read-objects.ts";
import { updateObject } from "../../verbs/update-object.ts";

/** So many evictions may wait for their pods' ends. */
const MOST_DISRUPTED = 2000;
const VIOLATED = "Cannot evict pod as it would violate the pod's disruption budget.";
const RETRY_SECONDS = 10;

/** The budgets that select the pod. */
export async function budgetsOf(
  context: ServerContext,
  call: ResourceCall,
  pod: Pod,
): Promise<PodDisruptionBudget[]> {
  const { items } = await listObjects(context, budgetCall(call, { verb: "list" }));
  const budgets = items.map(({ object }) => object as unknown as PodDisruptionBudget);
  return budgets.filter(({ spec }) => labelSelectorFrom(spec.selector).matches(pod.metadata.labels));
}

/**
 * Counts an eviction in its budget, unless that allows none. Two evictions at once cannot both have the last one: the loser
 * of the write looks again.
 */
export async function takeDisruption(
  context: ServerContext,
  call: ResourceCall,
  { metadata }: PodDisruptionBudget,
  isDryRun: boolean,
): Promise<void> {
  const { name } = metadata;
  const own = budgetCall(call, { verb: "update", subresource: "status", name });
  const now = rfc3339Seconds(context.clock.nowMs());
  await updateObject(context, { ...own, query: isDryRun ? { dryRun: true } : {} }, (current) => {
    const budget = current.mutableCopy() as unknown as PodDisruptionBudget;
    refuse(budget);
    const status = budget.status!;
    status.disruptionsAllowed--;
    if (status.disruptionsAllowed === 0) status.conditions = disruptionAllowedConditions(status, now);
    status.disruptedPods = { ...status.disruptedPods, [call.info.name!]: now };
    return budget as unknown as KubeObject;
  });
}

function refuse({ metadata, status }: PodDisruptionBudget): void {
  const { name, generation = 0 } = metadata;
  if ((status?.observedGeneration ?? 0) < generation) throw stillProcessed({ metadata });
  const { disruptionsAllowed = 0, disruptedPods = {}, desiredHealthy, currentHealthy } = status!;
  const forbidden = (why: string) =>
    statusForbidden({ group: "policy", resource: "poddisruptionbudget" }, name, why);
  if (disruptionsAllowed < 0) throw forbidden("pdb disruptions allowed is negative");
  if (Object.keys(disruptedPods).length > MOST_DISRUPTED)
    throw forbidden("DisruptedPods map too big - too many evictions not confirmed by PDB controller");
  if (disruptionsAllowed > 0) return;
  const why = `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
  throw violation(why, 0);
}

/** The budget was changed and its controller has not looked at it since. */
export function stillProcessed({ metadata }: Pick<PodDisruptionBudget, "metadata">): StatusError {
  const why = `The disruption budget ${metadata.name} is still being processed by the server.`;
  return violation(why, RETRY_SECONDS);
}

function violation(message: string, retryAfterSeconds: number): StatusError {
  return statusTooManyRequests(VIOLATED, retryAfterSeconds, [{ reason: "DisruptionBudget", message }]);
}

/** What the server itself asks of budgets, for whoever evicts: that needs no permissions on them. */
function budgetCall(
  { info, signal }: ResourceCall,
  about: { verb: string; subresource?: string; name?: string },
): ResourceCall {
  const { group, version, resource } = podDisruptionBudgets;
  return {
    info: {
      isResource: true,
      path: "",
      group,
      version,
      resource,
      ...(info.namespace === undefined ? {} : { namespace: info.namespace }),
      ...about,
    },
    kind: podDisruptionBudgets,
    user: { name: "system:apiserver", groups: [MASTERS] },
    userAgent: "kube-apiserver",
    query: {},
    params: new URLSearchParams(),
    body: new PlainBody(undefined),
    warnings: [],
    auditAnnotations: new Map(),
    signal,
  };
}
