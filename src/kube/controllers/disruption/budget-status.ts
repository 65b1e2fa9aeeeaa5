import { rfc3339Seconds } from "../../../base/index.ts";
import { jsonEquals } from "../../../formats/index.ts";
import {
  disruptionAllowedConditions,
  isPodReady,
  type Pod,
  type PodDisruptionBudget,
  type PodDisruptionBudgetStatus,
  tellsDisruptionAllowed,
} from "../../api/index.ts";
import type { ExpectedCounts } from "./expected-pods.ts";

interface Counted extends ExpectedCounts {
  /** Pod name -> when it was evicted; it does not go yet, but counts as gone. */
  disrupted: Record<string, string>;
  nowMs: number;
}

/** What the budget's status is to say. Without pods nothing is allowed: the first ones may come before they are counted. */
export function countedStatus(
  { metadata, status }: PodDisruptionBudget,
  pods: readonly Pod[],
  { expectedPods, desiredHealthy, disrupted, nowMs }: Counted,
): PodDisruptionBudgetStatus {
  const healthy = pods.filter(
    (pod) =>
      pod.metadata.deletionTimestamp === undefined && !(pod.metadata.name in disrupted) && isPodReady(pod),
  );
  const currentHealthy = healthy.length;
  const disruptionsAllowed = expectedPods <= 0 ? 0 : Math.max(0, currentHealthy - desiredHealthy);
  const next: PodDisruptionBudgetStatus = {
    currentHealthy,
    desiredHealthy,
    expectedPods,
    disruptionsAllowed,
    ...(Object.keys(disrupted).length > 0 ? { disruptedPods: disrupted } : {}),
    observedGeneration: metadata.generation,
    conditions: status?.conditions,
  };
  next.conditions = disruptionAllowedConditions(next, rfc3339Seconds(nowMs));
  return next;
}

const COUNTS = ["currentHealthy", "desiredHealthy", "expectedPods", "disruptionsAllowed"] as const;

/** Whether the budget says that already. */
export function isSameStatus(budget: PodDisruptionBudget, next: PodDisruptionBudgetStatus): boolean {
  const { status } = budget;
  return (
    COUNTS.every((field) => status?.[field] === next[field]) &&
    jsonEquals(status?.disruptedPods ?? {}, next.disruptedPods ?? {}) &&
    tellsDisruptionAllowed(budget)
  );
}
