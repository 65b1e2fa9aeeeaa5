import { type Clock, rfc3339Seconds } from "../../../base/index.ts";
import type { KubeObject } from "../../api/types.ts";
import { boundsOf } from "./rollout.ts";

export interface DeploymentCondition {
  type: string;
  status: "True" | "False" | "Unknown";
  reason: string;
  message: string;
  lastUpdateTime: string;
  lastTransitionTime: string;
}

export interface DeploymentStatus {
  observedGeneration: number;
  replicas: number;
  updatedReplicas: number;
  readyReplicas: number;
  availableReplicas: number;
  unavailableReplicas: number;
  collisionCount?: number;
  conditions: DeploymentCondition[];
}

const sum = (sets: readonly KubeObject[], field: string) =>
  sets.reduce((total, set) => total + (set.status?.[field] ?? 0), 0);

/** Counts over all ReplicaSets; conditions are kept and changed by the callers below. */
export function countStatus(deployment: KubeObject, newSet: KubeObject | undefined, all: readonly KubeObject[]): DeploymentStatus {
  const wanted = all.reduce((total, set) => total + (set.spec.replicas ?? 1), 0);
  const availableReplicas = sum(all, "availableReplicas");
  const status: DeploymentStatus = {
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas: sum(all, "replicas"),
    updatedReplicas: newSet?.status?.replicas ?? 0,
    readyReplicas: sum(all, "readyReplicas"),
    availableReplicas,
    unavailableReplicas: Math.max(0, wanted - availableReplicas),
    conditions: [...(deployment.status?.conditions ?? [])],
  };
  if (deployment.status?.collisionCount !== undefined) status.collisionCount = deployment.status.collisionCount;
  return status;
}

/** Sets a condition; times move only where status (transition) or reason (update) changes. */
export function setCondition(
  status: DeploymentStatus,
  type: string,
  value: DeploymentCondition["status"],
  reason: string,
  message: string,
  clock: Clock,
): void {
  const before = status.conditions.find((condition) => condition.type === type);
  if (before?.status === value && before.reason === reason) return;
  const now = rfc3339Seconds(clock.nowMs());
  const lastTransitionTime = before?.status === value ? before.lastTransitionTime : now;
  const next: DeploymentCondition = { type, status: value, reason, message, lastUpdateTime: now, lastTransitionTime };
  status.conditions = [...status.conditions.filter((condition) => condition.type !== type), next];
}

export function conditionOf(object: KubeObject | { conditions: DeploymentCondition[] }, type: string): DeploymentCondition | undefined {
  const conditions = "metadata" in object ? object.status?.conditions : object.conditions;
  return (conditions ?? []).find((condition: DeploymentCondition) => condition.type === type);
}

export function isComplete(deployment: KubeObject, status: DeploymentStatus): boolean {
  const replicas: number = deployment.spec.replicas ?? 1;
  return (
    status.updatedReplicas === replicas &&
    status.replicas === replicas &&
    status.availableReplicas === replicas &&
    status.observedGeneration >= (deployment.metadata.generation ?? 0)
  );
}

/** More updated, ready or available replicas, or fewer old ones, than the stored status says. */
export function isProgressing(deployment: KubeObject, status: DeploymentStatus): boolean {
  const before = deployment.status ?? {};
  const oldBefore = (before.replicas ?? 0) - (before.updatedReplicas ?? 0);
  return (
    status.updatedReplicas > (before.updatedReplicas ?? 0) ||
    status.replicas - status.updatedReplicas < oldBefore ||
    status.readyReplicas > (before.readyReplicas ?? 0) ||
    status.availableReplicas > (before.availableReplicas ?? 0)
  );
}

/** Milliseconds until the progress deadline passes; 0 when it has; undefined when none runs. */
export function deadlineInMs(deployment: KubeObject, status: DeploymentStatus, clock: Clock): number | undefined {
  const seconds: number | undefined = deployment.spec.progressDeadlineSeconds;
  const progressing = conditionOf(status, "Progressing");
  if (seconds === undefined || seconds >= 2 ** 31 - 1 || !progressing) return undefined;
  if (progressing.reason === "NewReplicaSetAvailable" || isComplete(deployment, status)) return undefined;
  return Math.max(0, Date.parse(progressing.lastUpdateTime) + seconds * 1000 - clock.nowMs());
}

/** Available and Progressing as upstream words them (progress.go, sync.go). */
export function updateConditions(deployment: KubeObject, newSet: KubeObject | undefined, status: DeploymentStatus, clock: Clock): void {
  const replicas: number = deployment.spec.replicas ?? 1;
  const enough = status.availableReplicas >= replicas - boundsOf(deployment).maxUnavailable;
  if (enough) setCondition(status, "Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.", clock);
  else setCondition(status, "Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.", clock);

  const subject = newSet ? `ReplicaSet "${newSet.metadata.name}"` : `Deployment "${deployment.metadata.name}"`;
  const known = conditionOf(status, "Progressing");
  const settled = status.replicas === status.updatedReplicas && known?.reason === "NewReplicaSetAvailable";
  if (deployment.spec.paused) {
    setCondition(status, "Progressing", "Unknown", "DeploymentPaused", "Deployment is paused", clock);
  } else if (isComplete(deployment, status)) {
    setCondition(status, "Progressing", "True", "NewReplicaSetAvailable", `${subject} has successfully progressed.`, clock);
  } else if (!settled && isProgressing(deployment, status)) {
    const conditions = status.conditions.filter((condition) => condition.type !== "Progressing");
    const fresh = { ...status, conditions };
    setCondition(fresh, "Progressing", "True", "ReplicaSetUpdated", `${subject} is progressing.`, clock);
    const next = conditionOf(fresh, "Progressing")!;
    if (known?.status === "True") next.lastTransitionTime = known.lastTransitionTime;
    status.conditions = fresh.conditions;
  } else if (!known && newSet) {
    setCondition(status, "Progressing", "True", "NewReplicaSetCreated", `Created new replica set "${newSet.metadata.name}"`, clock);
  } else if (deadlineInMs(deployment, status, clock) === 0) {
    setCondition(status, "Progressing", "False", "ProgressDeadlineExceeded", `${subject} has timed out progressing.`, clock);
  }

  const failed = newSet ? conditionOf(newSet, "ReplicaFailure") : undefined;
  if (failed) setCondition(status, "ReplicaFailure", failed.status, failed.reason, failed.message, clock);
  else status.conditions = status.conditions.filter((condition) => condition.type !== "ReplicaFailure");
}
