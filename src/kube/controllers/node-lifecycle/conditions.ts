import { type Clock, rfc3339Seconds } from "../../../base/index.ts";
import type { KubeObject } from "../../api/types.ts";

export interface NodeCondition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastHeartbeatTime?: string | null;
  lastTransitionTime?: string;
}

/** What a kubelet reports; of a silent one nobody can tell. */
const REPORTED = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

export function readyOf(object: KubeObject): NodeCondition | undefined {
  return object.status?.conditions?.find((one: NodeCondition) => one.type === "Ready");
}

/** The node's conditions with all that its kubelet reports Unknown; the same array when they are so already. */
export function silentConditions(node: KubeObject, clock: Clock): NodeCondition[] {
  const known: NodeCondition[] = node.status?.conditions ?? [];
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
    lastHeartbeatTime: node.metadata.creationTimestamp,
    lastTransitionTime: now,
  }));
  return [...next, ...never];
}
