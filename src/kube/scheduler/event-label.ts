import { isDeepStrictEqual } from "node:util";
import type { Node } from "../api/index.ts";
import type { ClusterEvent } from "./framework.ts";

const known = new WeakMap<ClusterEvent, string>();

/** As upstream labels events: what it happened to, and what (framework ClusterEvent.Label). */
export function eventLabel(event: ClusterEvent): string {
  let label = known.get(event);
  if (label === undefined) {
    label = labelOf(event);
    known.set(event, label);
  }
  return label;
}

function labelOf(event: ClusterEvent): string {
  switch (event.type) {
    case "node":
      if (!event.node) return "NodeDelete";
      return event.previous ? `Node${nodeChange(event.node, event.previous)}` : "NodeAdd";
    case "pod-gone":
      return "AssignedPodDelete";
    case "pod-placed":
      return event.previous ? "AssignedPodUpdatePodLabel" : "AssignedPodAdd";
    case "storage":
      return `${event.resource}${event.action}`;
  }
}

/** The first of what has changed, in upstream's order; there each change is an event of its own. */
function nodeChange(node: Node, previous: Node): string {
  if (previous.spec?.unschedulable && !node.spec?.unschedulable) return "UpdateNodeTaint";
  if (!isDeepStrictEqual(node.status?.allocatable, previous.status?.allocatable))
    return "UpdateNodeAllocatable";
  if (!isDeepStrictEqual(node.metadata.labels, previous.metadata.labels)) return "UpdateNodeLabel";
  if (!isDeepStrictEqual(node.spec?.taints, previous.spec?.taints)) return "UpdateNodeTaint";
  return "Update";
}
