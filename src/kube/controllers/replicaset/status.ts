import { type Clock, rfc3339Seconds } from "../../../base/index.ts";
import type { KubeObject } from "../../api/types.ts";
import { availableInMs, isReady } from "../pod-state.ts";

export interface ReplicaSetStatus {
  replicas: number;
  fullyLabeledReplicas: number;
  readyReplicas: number;
  availableReplicas: number;
  observedGeneration: number;
  conditions?: { type: string; status: string; reason?: string; message?: string; lastTransitionTime?: string }[];
}

/** The status that the observed pods make, and when it will change by time alone (minReadySeconds). */
export function computeStatus(
  replicaSet: KubeObject,
  pods: readonly KubeObject[],
  failure: { reason: string; message: string } | undefined,
  clock: Clock,
): { status: ReplicaSetStatus; recheckInMs: number | undefined } {
  const templateLabels = Object.entries(replicaSet.spec.template.metadata?.labels ?? {});
  const minReadySeconds: number = replicaSet.spec.minReadySeconds ?? 0;
  const status: ReplicaSetStatus = {
    replicas: pods.length,
    fullyLabeledReplicas: 0,
    readyReplicas: 0,
    availableReplicas: 0,
    observedGeneration: replicaSet.metadata.generation ?? 0,
  };
  let recheckInMs: number | undefined;
  for (const pod of pods) {
    const labels = pod.metadata.labels ?? {};
    if (templateLabels.every(([key, value]) => labels[key] === value)) status.fullyLabeledReplicas++;
    if (!isReady(pod)) continue;
    status.readyReplicas++;
    const waitMs = availableInMs(pod, minReadySeconds, clock)!;
    if (waitMs === 0) status.availableReplicas++;
    else recheckInMs = Math.min(recheckInMs ?? waitMs, waitMs);
  }
  const others = (replicaSet.status?.conditions ?? []).filter((one: { type: string }) => one.type !== "ReplicaFailure");
  if (failure) {
    const before = (replicaSet.status?.conditions ?? []).find((one: { type: string }) => one.type === "ReplicaFailure");
    others.push({
      type: "ReplicaFailure",
      status: "True",
      ...failure,
      lastTransitionTime: before?.status === "True" ? before.lastTransitionTime : rfc3339Seconds(clock.nowMs()),
    });
  }
  if (others.length > 0) status.conditions = others;
  return { status, recheckInMs };
}
