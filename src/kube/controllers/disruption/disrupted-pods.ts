import { type Pod, type PodDisruptionBudget, timeMs } from "../../api/index.ts";

/** By then a pod whose eviction was counted is seen to go, or it will not (upstream's DeletionTimeout). */
const DELETION_TIMEOUT_MS = 2 * 60_000;

export interface DisruptedPods {
  /** Pod name -> time of the eviction (metav1.Time): those that do not go yet. */
  awaited: Record<string, string>;
  /** Those that should have gone and did not. */
  overdue: Pod[];
  /** Until the next of them is overdue. */
  nextInMs: number | undefined;
}

/** What became of the evictions that the budget's status tells of. */
export function disruptedPods(
  { status }: PodDisruptionBudget,
  pods: readonly Pod[],
  nowMs: number,
): DisruptedPods {
  const awaited: Record<string, string> = {};
  const overdue: Pod[] = [];
  let nextInMs: number | undefined;
  for (const pod of pods) {
    const { name, deletionTimestamp } = pod.metadata;
    const evictedAt = status?.disruptedPods?.[name];
    if (evictedAt === undefined || deletionTimestamp !== undefined) continue;
    const leftMs = timeMs(evictedAt) + DELETION_TIMEOUT_MS - nowMs;
    if (leftMs < 0) {
      overdue.push(pod);
      continue;
    }
    awaited[name] = evictedAt;
    // At the very end it is not overdue yet.
    nextInMs = Math.min(nextInMs ?? Number.POSITIVE_INFINITY, leftMs + 1);
  }
  return { awaited, overdue, nextInMs };
}
