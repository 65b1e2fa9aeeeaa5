import { type Pod, timeMs } from "../../api/index.ts";
import type { PodMetrics } from "./pod-metrics.ts";
import type { AutoscalerSettings } from "./settings.ts";

export interface PodGroups {
  readyCount: number;
  /** They count as idle where more pods are wanted, and not at all otherwise. */
  unready: Set<string>;
  /** Nothing is known of what they use. */
  missing: Set<string>;
  /** They are about to go. */
  ignored: Set<string>;
}

/** Which pods' figures say something (replica_calculator.go groupPods). */
export function groupPods(
  pods: readonly Pod[],
  metrics: PodMetrics,
  resource: string | undefined,
  nowMs: number,
  settings: AutoscalerSettings,
): PodGroups {
  const groups: PodGroups = { readyCount: 0, unready: new Set(), missing: new Set(), ignored: new Set() };
  for (const pod of pods) {
    const { name, deletionTimestamp } = pod.metadata;
    const metric = metrics.get(name);
    if (deletionTimestamp !== undefined || pod.status?.phase === "Failed") groups.ignored.add(name);
    else if (pod.status?.phase === "Pending") groups.unready.add(name);
    else if (!metric) groups.missing.add(name);
    else if (resource === "cpu" && isStarting(pod, metric, nowMs, settings)) groups.unready.add(name);
    else groups.readyCount++;
  }
  return groups;
}

/** Whether the processor time that was measured is that of the pod's start, which says nothing of its load. */
function isStarting(
  { status }: Pod,
  metric: { atMs: number; windowMs: number },
  nowMs: number,
  { cpuInitializationMs, initialReadinessDelayMs }: AutoscalerSettings,
): boolean {
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  if (!ready || !status?.startTime) return true;
  const startMs = timeMs(status.startTime);
  const changedMs = timeMs(ready.lastTransitionTime);
  if (startMs + cpuInitializationMs > nowMs)
    return ready.status === "False" || metric.atMs < changedMs + metric.windowMs;
  return ready.status === "False" && startMs + initialReadinessDelayMs > changedMs;
}
