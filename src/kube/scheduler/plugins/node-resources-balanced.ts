import { MAX_SCORE, type SchedulingPlugin } from "../framework.ts";
import { type PodInfo, podInfoOf } from "../pod-info.ts";

const BALANCED = ["cpu", "memory"];

/** Prefers nodes on which cpu and memory would be used to the same degree. */
export const nodeResourcesBalanced: SchedulingPlugin<PodInfo> = {
  name: "NodeResourcesBalancedAllocation",
  weight: 1,
  // A pod that asks for none of it changes no balance.
  prepare: (pod) => {
    const info = podInfoOf(pod);
    return BALANCED.some((name) => (info.requests.get(name) ?? 0) > 0) ? info : "skip";
  },
  score: (_pod, { allocatable, requested }, { requests }) => {
    const shares: number[] = [];
    for (const name of BALANCED) {
      const capacity = allocatable.get(name) ?? 0;
      const used = (requested.get(name) ?? 0) + (requests.get(name) ?? 0);
      if (capacity > 0) shares.push(Math.min(1, used / capacity));
    }
    const [first = 0, second = first] = shares;
    return Math.floor((1 - Math.abs(first - second) / 2) * MAX_SCORE);
  },
};
