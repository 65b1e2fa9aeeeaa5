import { MAX_SCORE, type SchedulingPlugin } from "../framework.ts";
import { scoringRequests } from "../resources.ts";

/** Prefers nodes on which cpu and memory would be used to the same degree. */
export const nodeResourcesBalanced: SchedulingPlugin<{ cpu: number; memory: number }> = {
  name: "NodeResourcesBalancedAllocation",
  weight: 1,
  prepare: (pod) => scoringRequests(pod),
  score: (_pod, node, wanted) => {
    const fraction = (used: number, capacity: number) => (capacity === 0 ? 1 : Math.min(1, used / capacity));
    const cpu = fraction(node.scoring.cpu + wanted.cpu, node.allocatable.get("cpu") ?? 0);
    const memory = fraction(node.scoring.memory + wanted.memory, node.allocatable.get("memory") ?? 0);
    return Math.floor((1 - Math.abs(cpu - memory) / 2) * MAX_SCORE);
  },
};
