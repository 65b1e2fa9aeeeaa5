import { MAX_SCORE, type SchedulingPlugin } from "../framework.ts";
import { type PodInfo, podInfoOf } from "../pod-info.ts";

/** Prefers nodes on which cpu and memory would be used to the same degree. */
export const nodeResourcesBalanced: SchedulingPlugin<PodInfo> = {
  name: "NodeResourcesBalancedAllocation",
  weight: 1,
  // A pod that asks for nothing changes no balance.
  prepare: (pod) => {
    const info = podInfoOf(pod);
    return info.requests.size === 0 ? "skip" : info;
  },
  score: (_pod, node, { scoring }) => {
    const cpu = fraction(node.scoring.cpu + scoring.cpu, node.allocatable.get("cpu") ?? 0);
    const memory = fraction(node.scoring.memory + scoring.memory, node.allocatable.get("memory") ?? 0);
    return Math.floor((1 - Math.abs(cpu - memory) / 2) * MAX_SCORE);
  },
};

const fraction = (used: number, capacity: number): number =>
  capacity === 0 ? 1 : Math.min(1, used / capacity);
