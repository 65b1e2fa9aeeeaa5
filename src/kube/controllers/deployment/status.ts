import { type Clock, rfc3339Seconds } from "../../../base/index.ts";
import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from "../../api/index.ts";
import { boundsOf } from "./rollout.ts";

type Counts =
  | "observedGeneration"
  | "replicas"
  | "updatedReplicas"
  | "readyReplicas"
  | "availableReplicas"
  | "unavailableReplicas";

/** A Deployment's status with all counts, be they zero. */
export type CountedStatus = Required<Pick<DeploymentStatus, Counts | "conditions">> &
  Pick<DeploymentStatus, "collisionCount">;

const sum = (sets: readonly ReplicaSet[], field: "replicas" | "readyReplicas" | "availableReplicas") =>
  sets.reduce((total, set) => total + (set.status?.[field] ?? 0), 0);

/** Counts over all ReplicaSets, and whether that is enough; other conditions are as they were. */
export function countStatus(
  deployment: Deployment,
  newSet: ReplicaSet | undefined,
  all: readonly ReplicaSet[],
  clock: Clock,
): CountedStatus {
  const wanted = all.reduce((total, set) => total + (set.spec.replicas ?? 1), 0);
  const availableReplicas = sum(all, "availableReplicas");
  const status: CountedStatus = {
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas: sum(all, "replicas"),
    updatedReplicas: newSet?.status?.replicas ?? 0,
    readyReplicas: sum(all, "readyReplicas"),
    availableReplicas,
    unavailableReplicas: Math.max(0, wanted - availableReplicas),
    conditions: [...(deployment.status?.conditions ?? [])],
  };
  if (deployment.status?.collisionCount !== undefined)
    status.collisionCount = deployment.status.collisionCount;
  noteAvailability(deployment, status, clock);
  noteFailures(newSet, all, status, clock);
  return status;
}

function noteAvailability(deployment: Deployment, status: CountedStatus, clock: Clock): void {
  const atLeast = (deployment.spec.replicas ?? 1) - boundsOf(deployment).maxUnavailable;
  if (status.availableReplicas >= atLeast) {
    setCondition(
      status,
      "Available",
      "True",
      "MinimumReplicasAvailable",
      "Deployment has minimum availability.",
      clock,
    );
  } else {
    const message = "Deployment does not have minimum availability.";
    setCondition(status, "Available", "False", "MinimumReplicasUnavailable", message, clock);
  }
}

/** What keeps the new ReplicaSet, or else another one, from making its pods. */
function noteFailures(
  newSet: ReplicaSet | undefined,
  all: readonly ReplicaSet[],
  status: CountedStatus,
  clock: Clock,
): void {
  const sources = newSet ? [newSet, ...all] : all;
  const failed = sources
    .map((set) => conditionOf(set.status, "ReplicaFailure"))
    .find((one) => one !== undefined);
  if (failed)
    setCondition(status, "ReplicaFailure", failed.status, failed.reason ?? "", failed.message ?? "", clock);
  else removeCondition(status, "ReplicaFailure");
}

/** Sets a condition; times move only where status (transition) or reason (update) changes. */
export function setCondition(
  status: CountedStatus,
  type: string,
  value: DeploymentCondition["status"],
  reason: string,
  message: string,
  clock: Clock,
): void {
  const before = conditionOf(status, type);
  if (before?.status === value && before.reason === reason) return;
  const now = rfc3339Seconds(clock.nowMs());
  const lastTransitionTime = before?.status === value ? before.lastTransitionTime : now;
  const next: DeploymentCondition = {
    type,
    status: value,
    reason,
    message,
    lastUpdateTime: now,
    lastTransitionTime,
  };
  removeCondition(status, type);
  status.conditions.push(next);
}

export function removeCondition(status: CountedStatus, type: string): void {
  status.conditions = status.conditions.filter((condition) => condition.type !== type);
}

export function conditionOf<T extends { type: string }>(
  status: { conditions?: T[] } | undefined,
  type: string,
): T | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}
