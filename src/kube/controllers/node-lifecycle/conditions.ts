import { type Clock, rfc3339Seconds } from "../../../base/index.ts";
import type { Node, NodeCondition, Pod, PodCondition } from "../../api/index.ts";

/** What a kubelet reports; of a silent one nobody can tell. */
const REPORTED = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

export function readyOf(object: Node | Pod): NodeCondition | PodCondition | undefined {
  return object.status?.conditions?.find((one) => one.type === "Ready");
}

/** The node's conditions with all that its kubelet reports Unknown; the same array when they are so already. */
export function silentConditions(node: Node, clock: Clock): NodeCondition[] {
  const known = node.status?.conditions ?? [];
  const now = rfc3339Seconds(clock.nowMs());
  const missing = REPORTED.filter((type) => !known.some((one) => one.type === type));
  const isUnchanged =
    missing.length === 0 && known.every((one) => !REPORTED.includes(one.type) || one.status === "Unknown");
  if (isUnchanged) return known;
  const next = known.map((condition) =>
    !REPORTED.includes(condition.type) || condition.status === "Unknown"
      ? condition
      : {
          ...condition,
          status: "Unknown",
          reason: "NodeStatusUnknown",
          message: "Kubelet stopped posting node status.",
          lastTransitionTime: now,
        },
  );
  const never = missing.map((type) => ({
    type,
    status: "Unknown",
    reason: "NodeStatusNeverUpdated",
    message: "Kubelet never posted node status.",
    lastHeartbeatTime: node.metadata.creationTimestamp ?? undefined,
    lastTransitionTime: now,
  }));
  return [...next, ...never];
}
