import type { Deployment, ReplicaSet } from "../../api/index.ts";
import type { ApiObject } from "../../api/types.ts";
import { boundsOf } from "./rollout.ts";

export const REVISION = "deployment.kubernetes.io/revision";
export const REVISION_HISTORY = "deployment.kubernetes.io/revision-history";
export const DESIRED_REPLICAS = "deployment.kubernetes.io/desired-replicas";
export const MAX_REPLICAS = "deployment.kubernetes.io/max-replicas";

/** Not copied from a Deployment to its ReplicaSets (deployment_util.go, annotationsToSkip). */
const OWN = new Set([
  "kubectl.kubernetes.io/last-applied-configuration",
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
  "deprecated.deployment.rollback.to",
]);

/** Upstream's bound for the list of a ReplicaSet's former revisions; the oldest go first. */
const MAX_HISTORY_CHARS = 2000;

/** An int64; 0n where there is none. */
export function revisionOf(object: ApiObject): bigint {
  const text = object.metadata.annotations?.[REVISION] ?? "";
  return /^[+-]?\d+$/.test(text) ? BigInt.asIntN(64, BigInt(text)) : 0n;
}

/** What the new ReplicaSet's annotations shall be at `revision`; a return to an older one keeps its history. */
export function replicaSetAnnotations(
  deployment: Deployment,
  set: ReplicaSet | undefined,
  revision: bigint,
): Record<string, string> {
  const current = set?.metadata.annotations ?? {};
  const next: Record<string, string> = { ...current };
  for (const [key, value] of Object.entries(deployment.metadata.annotations ?? {}))
    if (!OWN.has(key)) next[key] = value;
  const old = set ? revisionOf(set) : 0n;
  if (old < revision) {
    next[REVISION] = String(revision);
    if (old > 0) next[REVISION_HISTORY] = historyWith(current[REVISION_HISTORY], old);
  }
  return next;
}

function historyWith(history: string | undefined, revision: bigint): string {
  const revisions = [...(history ? history.split(",") : []), String(revision)];
  while (revisions.join(",").length > MAX_HISTORY_CHARS) revisions.shift();
  return revisions.join(",");
}

/** The size that a ReplicaSet's share was computed for; the next proportional scaling starts from it. */
export function sizeAnnotations(deployment: Deployment): Record<string, string> {
  const replicas: number = deployment.spec.replicas ?? 1;
  return {
    [DESIRED_REPLICAS]: String(replicas),
    [MAX_REPLICAS]: String(replicas + boundsOf(deployment).maxSurge),
  };
}
