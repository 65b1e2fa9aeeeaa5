import { MAX_SCORE, type Refusal, type SchedulingPlugin } from "../framework.ts";
import { podRequests, type Resources, scoringRequests } from "../resources.ts";

interface State {
  requests: Resources;
  scoring: { cpu: number; memory: number };
}

/** Room for the pod's requests; prefers the emptier node (upstream's LeastAllocated). */
export const nodeResourcesFit: SchedulingPlugin<State> = {
  name: "NodeResourcesFit",
  weight: 1,
  prepare: (pod) => ({ requests: podRequests(pod), scoring: scoringRequests(pod) }),
  filter: (_pod, node, { requests }) => {
    const refusals: Refusal[] = [];
    if (node.pods.size + 1 > (node.allocatable.get("pods") ?? 0)) refusals.push({ reason: "Too many pods" });
    for (const [name, amount] of requests) {
      if (amount === 0) continue;
      const allocatable = node.allocatable.get(name) ?? 0;
      if (amount > allocatable - (node.requested.get(name) ?? 0)) {
        refusals.push({ reason: `Insufficient ${name}`, unresolvable: amount > allocatable });
      }
    }
    return refusals;
  },
  score: (_pod, node, { scoring }) => {
    const share = (capacity: number, used: number) =>
      capacity === 0 || used > capacity ? 0 : ((capacity - used) * MAX_SCORE) / capacity;
    const cpu = share(node.allocatable.get("cpu") ?? 0, node.scoring.cpu + scoring.cpu);
    const memory = share(node.allocatable.get("memory") ?? 0, node.scoring.memory + scoring.memory);
    return Math.floor((cpu + memory) / 2);
  },
};
