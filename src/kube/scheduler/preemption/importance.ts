import { type Pod, timeMs } from "../../api/index.ts";
import type { PodInfo } from "../pod-info.ts";

/** When the pod began, wall-clock milliseconds; one that has not is the youngest. */
export function startedMs({ status }: Pod): number {
  return status?.startTime ? timeMs(status.startTime) : Number.POSITIVE_INFINITY;
}

/** The most important first: by priority, then the older (scheduler util MoreImportantPod). */
export function byImportance(a: PodInfo, b: PodInfo): number {
  if (a.priority !== b.priority) return b.priority - a.priority;
  const [first, second] = [startedMs(a.pod), startedMs(b.pod)];
  return first === second ? 0 : first - second;
}
