import { MAX_SCORE, type Refusal, type SchedulingPlugin } from "../framework.ts";
import { type PodInfo, podInfoOf } from "../pod-info.ts";
import { readResources } from "../resources.ts";

/** Room for the pod's requests; prefers the emptier node (upstream's LeastAllocated). */
export const nodeResourcesFit: SchedulingPlugin<PodInfo> = {
  name: "NodeResourcesFit",
  wokenBy: ["node", "pod-gone"],
  // A node that would be too small without any pod, or has grown in nothing that is wanted, does not help.
  mayHelp: (pod, event) => {
    if (event.type !== "node") return event.type === "pod-gone";
    if (!event.node) return false;
    const now = readResources(event.node.status?.allocatable);
    const before = readResources(event.previous?.status?.allocatable);
    const wanted = [["pods", 1] as const, ...podInfoOf(pod).requests];
    const grows = wanted.some(([name]) => (now.get(name) ?? 0) > (before.get(name) ?? 0));
    return grows && wanted.every(([name, amount]) => amount <= (now.get(name) ?? 0));
  },
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
    // What a node does not have is not counted.
    return Math.floor(((cpu ?? memory ?? 0) + (memory ?? cpu ?? 0)) / 2);
  },
};

/** How much would still be free, of 100. */
function share(capacity: number, used: number): number | undefined {
  if (capacity === 0) return undefined;
  return used > capacity ? 0 : Math.floor(((capacity - used) * MAX_SCORE) / capacity);
}
