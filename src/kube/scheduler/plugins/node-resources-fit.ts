import { MAX_SCORE, type Refusal, type SchedulingPlugin } from "../framework.ts";
import { type PodInfo, podInfoOf } from "../pod-info.ts";

/** Room for the pod's requests; prefers the emptier node (upstream's LeastAllocated). */
export const nodeResourcesFit: SchedulingPlugin<PodInfo> = {
  name: "NodeResourcesFit",
  wokenBy: ["node", "pod-gone"],
  weight: 1,
  prepare: podInfoOf,
  filter: (_pod, node, { requests }) => {
    let refusals: Refusal[] | undefined;
    if (node.pods.size + 1 > (node.allocatable.get("pods") ?? 0)) refusals = [{ reason: "Too many pods" }];
    for (const [name, amount] of requests) {
      if (amount === 0) continue;
      const allocatable = node.allocatable.get(name) ?? 0;
      if (amount <= allocatable - (node.requested.get(name) ?? 0)) continue;
      refusals ??= [];
      refusals.push({ reason: `Insufficient ${name}`, unresolvable: amount > allocatable });
    }
    return refusals;
  },
  score: (_pod, node, { scoring }) => {
    const cpu = share(node.allocatable.get("cpu") ?? 0, node.scoring.cpu + scoring.cpu);
    const memory = share(node.allocatable.get("memory") ?? 0, node.scoring.memory + scoring.memory);
    return Math.floor((cpu + memory) / 2);
  },
};

/** How much would still be free, of 100. */
function share(capacity: number, used: number): number {
  return capacity === 0 || used > capacity ? 0 : Math.floor(((capacity - used) * MAX_SCORE) / capacity);
}
