import type { Clock } from "../../base/index.ts";
import type { Pod } from "../api/index.ts";
import { isPodTerminal, podCondition } from "../api/index.ts";

/** Neither finished nor on its way out. */
export function isActive(pod: Pod): boolean {
  return !isPodTerminal(pod) && pod.metadata.deletionTimestamp === undefined;
}

export { isPodReady as isReady } from "../api/index.ts";

/** When the pod became ready, wall-clock milliseconds; undefined when it is not. */
export function readySinceMs(pod: Pod): number | undefined {
  const condition = podCondition(pod, "Ready");
  if (condition?.status !== "True") return undefined;
  return condition.lastTransitionTime ? Date.parse(condition.lastTransitionTime) : 0;
}

/** Milliseconds until a ready pod counts as available; 0 when it does; undefined when it is not ready. */
export function availableInMs(pod: Pod, minReadySeconds: number, clock: Clock): number | undefined {
  const sinceMs = readySinceMs(pod);
  if (sinceMs === undefined) return undefined;
  if (minReadySeconds === 0) return 0;
  return Math.max(0, sinceMs + minReadySeconds * 1000 - clock.nowMs());
}

/** The highest restart count among the pod's containers, and among its sidecars. */
export function restartsOf(pod: Pod): { containers: number; sidecars: number } {
  const most = (statuses: { restartCount?: number }[] = []) =>
    Math.max(0, ...statuses.map((one) => one.restartCount ?? 0));
  const sidecars = new Set<string>();
  for (const one of pod.spec.initContainers ?? []) if (one.restartPolicy === "Always") sidecars.add(one.name);
  const initStatuses: { name: string; restartCount?: number }[] = pod.status?.initContainerStatuses ?? [];
  return {
    containers: most(pod.status?.containerStatuses),
    sidecars: most(initStatuses.filter((one) => sidecars.has(one.name))),
  };
}
