import type { Deployment, ReplicaSet } from "../../api/index.ts";
import { DESIRED_REPLICAS, MAX_REPLICAS } from "./annotations.ts";
import { boundsOf, byCreation, isActiveSet, type ScaleDecision, wanted } from "./rollout.ts";

/** Whether the Deployment's size changed since its active ReplicaSets got theirs. */
export function isScalingEvent(deployment: Deployment, sets: readonly ReplicaSet[]): boolean {
  return sets.some((set) => {
    const desired = Number(set.metadata.annotations?.[DESIRED_REPLICAS] ?? Number.NaN);
    return isActiveSet(set) && !Number.isNaN(desired) && desired !== (deployment.spec.replicas ?? 1);
  });
}

/** Sizes after a change of the Deployment's size: of its only active ReplicaSet, or of all in proportion (sync.go, scale). */
export function scaledSizes(
  deployment: Deployment,
  newSet: ReplicaSet | undefined,
  sets: readonly ReplicaSet[],
): ScaleDecision[] {
  const replicas: number = deployment.spec.replicas ?? 1;
  const active = sets.filter(isActiveSet);
  if (active.length <= 1) {
    const target = active[0] ?? newSet ?? [...sets].sort(byCreation).at(-1);
    return target ? [{ replicaSet: target, replicas }] : [];
  }
  if (newSet && isSaturated(deployment, newSet)) {
    return active.filter((set) => set !== newSet).map((replicaSet) => ({ replicaSet, replicas: 0 }));
  }
  return deployment.spec.strategy?.type === "Recreate" ? [] : proportionalSizes(deployment, active);
}

/** The new ReplicaSet alone serves all that is asked for. */
function isSaturated(deployment: Deployment, newSet: ReplicaSet): boolean {
  const replicas: number = deployment.spec.replicas ?? 1;
  const desired = Number(newSet.metadata.annotations?.[DESIRED_REPLICAS] ?? Number.NaN);
  return desired === replicas && wanted(newSet) === replicas && newSet.status?.availableReplicas === replicas;
}

/**
 * Spreads a change of the Deployment's size over several active ReplicaSets in proportion to their sizes, so that a
 * scaling in the midst of a rollout keeps the rollout's balance.
 */
export function proportionalSizes(deployment: Deployment, active: readonly ReplicaSet[]): ScaleDecision[] {
  const replicas: number = deployment.spec.replicas ?? 1;
  const allowed = replicas > 0 ? replicas + boundsOf(deployment).maxSurge : 0;
  let left = allowed - active.reduce((total, set) => total + wanted(set), 0);
  const growing = left > 0;
  const ordered = [...active].sort(
    (a, b) => wanted(b) - wanted(a) || (growing ? byCreation(b, a) : byCreation(a, b)),
  );
  const decisions = ordered.map((replicaSet) => ({ replicaSet, replicas: wanted(replicaSet) }));
  for (const decision of decisions) {
    if (left === 0) break;
    const share = shareOf(deployment, decision.replicaSet, allowed) - decision.replicas;
    const part = growing ? Math.min(Math.max(share, 0), left) : Math.max(Math.min(share, 0), left);
    decision.replicas += part;
    left -= part;
  }
  if (decisions.length > 0) decisions[0]!.replicas = Math.max(0, decisions[0]!.replicas + left);
  return decisions;
}

/** The ReplicaSet's part of `allowed`, as large as its part was of what was allowed before. */
function shareOf(deployment: Deployment, replicaSet: ReplicaSet, allowed: number): number {
  const before = Number(replicaSet.metadata.annotations?.[MAX_REPLICAS]) || deployment.status?.replicas || 0;
  return before === 0 ? wanted(replicaSet) : Math.round((wanted(replicaSet) * allowed) / before);
}
