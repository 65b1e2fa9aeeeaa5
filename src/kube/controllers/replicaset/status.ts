import { type Clock, rfc3339Seconds } from "../../../base/index.ts";
import type { Pod, ReplicaSetCondition, ReplicaSetStatus } from "../../api/index.ts";
import { availableInMs, isReady } from "../pod-state.ts";
import type { ReplicaOwner } from "./replica-owner.ts";

/**
 * The status that the observed pods make (counts of zero are left out, but for `replicas`), and when it will change by time alone (minReadySeconds).
 */
export function computeStatus(
  owner: ReplicaOwner,
  pods: readonly Pod[],
  failure: { reason: string; message: string } | undefined,
  clock: Clock,
): { status: ReplicaSetStatus; recheckInMs: number | undefined } {
  const templateLabels = Object.entries(owner.spec.template?.metadata?.labels ?? {});
  const minReadySeconds: number = owner.spec.minReadySeconds ?? 0;
  const counts = { fullyLabeledReplicas: 0, readyReplicas: 0, availableReplicas: 0 };
  let recheckInMs: number | undefined;
  for (const pod of pods) {
    const labels = pod.metadata.labels ?? {};
    if (templateLabels.every(([key, value]) => labels[key] === value)) counts.fullyLabeledReplicas++;
    if (!isReady(pod)) continue;
    counts.readyReplicas++;
    const waitMs = availableInMs(pod, minReadySeconds, clock)!;
    if (waitMs === 0) counts.availableReplicas++;
    else recheckInMs = Math.min(recheckInMs ?? waitMs, waitMs);
  }
  const conditions = nextConditions(owner, failure, clock);
  const { generation } = owner.metadata;
  return {
    status: {
      replicas: pods.length,
      ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
      ...(generation ? { observedGeneration: generation } : {}),
      ...(conditions.length > 0 ? { conditions } : {}),
    },
    recheckInMs,
  };
}

/** `ReplicaFailure` stands for as long as pods cannot be made or deleted, with what was said the first time. */
function nextConditions(
  owner: ReplicaOwner,
  failure: { reason: string; message: string } | undefined,
  clock: Clock,
): ReplicaSetCondition[] {
  const known = owner.status?.conditions ?? [];
  const others = known.filter((one) => one.type !== "ReplicaFailure");
  if (!failure) return others;
  if (others.length < known.length) return known;
  const lastTransitionTime = rfc3339Seconds(clock.nowMs());
  return [...known, { type: "ReplicaFailure", status: "True", ...failure, lastTransitionTime }];
}
