import { defaultPluginArgs, type PluginArgs } from "../config/index.ts";
import { MAX_SCORE, type SchedulingPlugin } from "../framework.ts";
import { type PodInfo, podInfoOf } from "../pod-info.ts";

/** These may be asked for by every pod; other resources count for pods that ask for them. */
const COMMON = ["cpu", "memory", "ephemeral-storage"];

/** Prefers nodes on which the resources (cpu and memory, where nothing else is said) would be used to the same degree. */
export function nodeResourcesBalanced(
  { resources }: PluginArgs["NodeResourcesBalancedAllocation"] = defaultPluginArgs()
    .NodeResourcesBalancedAllocation,
): SchedulingPlugin<PodInfo> {
  const names = resources.map(({ name }) => name);
  return {
    name: "NodeResourcesBalancedAllocation",
    weight: 1,
    // A pod that asks for none of it changes no balance.
    prepare: (pod) => {
      const info = podInfoOf(pod);
      return names.some((name) => (info.requests.get(name) ?? 0) > 0) ? info : "skip";
    },
    score: (_pod, { allocatable, requested }, { requests }) => {
      const shares: number[] = [];
      for (const name of names) {
        const capacity = allocatable.get(name) ?? 0;
        const request = requests.get(name) ?? 0;
        if (capacity === 0 || (request === 0 && !COMMON.includes(name))) continue;
        shares.push(Math.min(1, ((requested.get(name) ?? 0) + request) / capacity));
      }
      return Math.trunc((1 - deviation(shares)) * MAX_SCORE);
    },
  };
}

/** The standard deviation; of one share there is none. */
function deviation(shares: readonly number[]): number {
  if (shares.length < 2) return 0;
  if (shares.length === 2) return Math.abs((shares[0]! - shares[1]!) / 2);
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  const squares = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0);
  return Math.sqrt(squares / shares.length);
}
