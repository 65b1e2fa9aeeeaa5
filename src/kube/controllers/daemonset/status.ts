import type { DaemonSetStatus } from "../../api/index.ts";
import { availableInMs, isReady } from "../pod-state.ts";
import { isUpdated } from "./daemon-pod.ts";
import type { DaemonPass } from "./plan-pods.ts";
import { oldestFirst } from "./pods-by-node.ts";

export interface ComputedStatus {
  status: DaemonSetStatus;
  /** When it changes by time alone (minReadySeconds). */
  recheckInMs: number | undefined;
}

/** What the pods make of the status: on each node the oldest one counts. */
export function statusOf(
  pass: DaemonPass,
  observedGeneration: number,
  collisionCount?: number,
): ComputedStatus {
  const { set, hash, placements, byNode, clock } = pass;
  const counts = { desired: 0, current: 0, misscheduled: 0, ready: 0, available: 0, updated: 0 };
  let recheckInMs: number | undefined;
  for (const [name, { shouldRun }] of placements) {
    const [pod] = oldestFirst(byNode.get(name) ?? []);
    if (shouldRun) counts.desired++;
    if (!pod) continue;
    if (!shouldRun) {
      counts.misscheduled++;
      continue;
    }
    counts.current++;
    if (isUpdated(set, pod, hash)) counts.updated++;
    if (!isReady(pod)) continue;
    counts.ready++;
    const waitMs = availableInMs(pod, set.spec.minReadySeconds ?? 0, clock)!;
    if (waitMs === 0) counts.available++;
    else recheckInMs = Math.min(recheckInMs ?? waitMs, waitMs);
  }
  const status = {
    currentNumberScheduled: counts.current,
    desiredNumberScheduled: counts.desired,
    numberMisscheduled: counts.misscheduled,
    numberReady: counts.ready,
    ...nonZero({
      updatedNumberScheduled: counts.updated,
      numberAvailable: counts.available,
      numberUnavailable: counts.desired - counts.available,
      observedGeneration,
    }),
    ...(collisionCount ? { collisionCount } : {}),
  };
  return { status, recheckInMs };
}

/** Go leaves these out when they are nothing. */
function nonZero(counts: Partial<DaemonSetStatus>): Partial<DaemonSetStatus> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
}
