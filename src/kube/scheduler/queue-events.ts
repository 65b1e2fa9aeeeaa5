import type { Node, Pod } from "../api/index.ts";
import { eventLabel } from "./event-label.ts";
import type { ClusterEvent, SchedulingPlugin } from "./framework.ts";
import type { EventMetrics } from "./metrics/event-metrics.ts";
import type { Snapshot } from "./snapshot.ts";

const EVERYTHING: readonly ClusterEvent["type"][] = ["node", "pod-gone", "pod-placed"];

/** Whether an event may change what the pod was refused for; where there was no node at all only nodes help. */
export function isWorthATry(
  event: ClusterEvent,
  pod: Pod,
  refusedBy: ReadonlySet<SchedulingPlugin<unknown>>,
  snapshot: Snapshot,
  metrics: Pick<EventMetrics, "askHint">,
): boolean {
  if (refusedBy.size === 0) return event.type === "node" && event.node !== undefined;
  // A new node is another one than those that refused.
  if (event.type === "node" && event.node && !event.previous) return true;
  for (const { name, wokenBy = EVERYTHING, mayHelp } of refusedBy) {
    if (!wokenBy.includes(event.type)) continue;
    const ask = () => mayHelp?.(pod, event, snapshot) ?? true;
    if (metrics.askHint(name, eventLabel(event), ask)) return true;
  }
  return false;
}

/** Whether a pod has left the node that another one has in prospect. */
export function leavesProspect(event: ClusterEvent, prospect: string | undefined): boolean {
  return (
    event.type === "pod-gone" && Boolean(event.pod.spec.nodeName) && event.pod.spec.nodeName === prospect
  );
}

/** What of a node decides about scheduling; heartbeats change none of it. */
export function schedulingView(node: Node): string {
  return JSON.stringify([node.metadata.labels, node.spec, node.status?.allocatable]);
}

/** What of a waiting pod decides about its placement and may still be changed. */
export function placementView(pod: Pod): string {
  return JSON.stringify([pod.metadata.labels, pod.spec]);
}
