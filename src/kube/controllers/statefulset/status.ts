import type { Clock } from "../../../base/index.ts";
import type { Pod, StatefulSet, StatefulSetStatus } from "../../api/index.ts";
import { availableInMs, isReady } from "../pod-state.ts";
import { revisionOf } from "./stateful-pod.ts";

/** Names of the two revisions that a set's pods are of, and how often a name was taken. */
export interface SetRevisions {
  current: string;
  update: string;
  collisionCount: number;
}

export const isRunningAndReady = (pod: Pod): boolean => pod.status?.phase === "Running" && isReady(pod);

export const isTerminating = ({ metadata }: Pod): boolean => metadata.deletionTimestamp !== undefined;

export const isHealthy = (pod: Pod): boolean => isRunningAndReady(pod) && !isTerminating(pod);

export function isAvailable({ spec }: StatefulSet, pod: Pod, clock: Clock): boolean {
  return isRunningAndReady(pod) && availableInMs(pod, spec.minReadySeconds ?? 0, clock) === 0;
}

/** Milliseconds until the next of the ready pods counts as available; undefined when there is none to wait for. */
export function nextAvailableInMs({ spec }: StatefulSet, pods: readonly Pod[], clock: Clock) {
  const waits = pods.flatMap((pod) => availableInMs(pod, spec.minReadySeconds ?? 0, clock) ?? 0);
  const later = waits.filter((ms) => ms > 0);
  return later.length === 0 ? undefined : Math.min(...later);
}

/** The status that the pods make. `deletedForUpdate`: of current pods, deleted in this pass and still seen. */
export function statusOf(
  set: StatefulSet,
  pods: readonly Pod[],
  revisions: SetRevisions,
  deletedForUpdate: number,
  clock: Clock,
): StatefulSetStatus {
  const count = (counts: (pod: Pod) => boolean) => pods.filter(counts).length;
  const isOf = (revision: string) => (pod: Pod) => !isTerminating(pod) && revisionOf(pod) === revision;
  const { current, update, collisionCount } = revisions;
  const status = {
    observedGeneration: set.metadata.generation,
    replicas: pods.length,
    readyReplicas: count(isRunningAndReady),
    availableReplicas: count((pod) => isAvailable(set, pod, clock)),
    currentReplicas: Math.max(0, count(isOf(current)) - deletedForUpdate),
    updatedReplicas: count(isOf(update)),
    currentRevision: current,
    updateRevision: update,
    collisionCount,
  };
  return withoutZeros(isRolledOut(set, status) ? completed(status) : status);
}

type Counts = Required<
  Pick<StatefulSetStatus, "replicas" | "readyReplicas" | "updatedReplicas" | "updateRevision">
>;

function isRolledOut({ spec }: StatefulSet, { replicas, readyReplicas, updatedReplicas }: Counts): boolean {
  const wanted = spec.replicas ?? 1;
  const isRolling = spec.updateStrategy?.type === "RollingUpdate";
  return isRolling && [replicas, readyReplicas, updatedReplicas].every((one) => one === wanted);
}

function completed<T extends Counts>(status: T): T {
  return { ...status, currentReplicas: status.updatedReplicas, currentRevision: status.updateRevision };
}

/** Go leaves these out when they are nothing. */
function withoutZeros({ readyReplicas, currentReplicas, updatedReplicas, ...rest }: StatefulSetStatus) {
  return {
    ...rest,
    ...(readyReplicas ? { readyReplicas } : {}),
    ...(currentReplicas ? { currentReplicas } : {}),
    ...(updatedReplicas ? { updatedReplicas } : {}),
  };
}
