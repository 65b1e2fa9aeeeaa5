import { defaultPluginArgs, type PluginArgs } from "../config/index.ts";
import { MAX_SCORE, type SchedulingPlugin } from "../framework.ts";
import { CPU, FREE_CPU, FREE_MEMORY, MEMORY } from "../node-figures.ts";
import { podInfoOf } from "../pod-info.ts";
import type { Resources } from "../resources.ts";

interface State {
  requests: Resources;
  cpu: number;
  memory: number;
}

/** These may be asked for by every pod; other resources count for pods that ask for them. */
const COMMON = ["cpu", "memory", "ephemeral-storage"];

/** Prefers nodes on which the resources (cpu and memory, where nothing else is said) would be used to the same degree. */
export function nodeResourcesBalanced(
  { resources }: PluginArgs["NodeResourcesBalancedAllocation"] = defaultPluginArgs()
    .NodeResourcesBalancedAllocation,
): SchedulingPlugin<State> {
  const names = resources.map(({ name }) => name);
  const isUsual = names.length === 2 && names[0] === "cpu" && names[1] === "memory";
  return {
    name: "NodeResourcesBalancedAllocation",
    weight: 1,
    // A pod that asks for none of it changes no balance.
    prepare: (pod) => {
      const info = podInfoOf(pod);
      const { requests } = info;
      const asked = (name: string): number => requests.get(name) ?? 0;
      if (!names.some((name) => asked(name) > 0)) return "skip";
      return { requests, cpu: asked("cpu"), memory: asked("memory") };
    },
    score: (_pod, { allocatable, requested, figures }, { requests, cpu, memory }) => {
      const [cpus, bytes] = [figures[CPU]!, figures[MEMORY]!];
      if (isUsual && cpus > 0 && bytes > 0) {
        const ofCpu = Math.min(1, (cpus - figures[FREE_CPU]! + cpu) / cpus);
        const ofMemory = Math.min(1, (bytes - figures[FREE_MEMORY]! + memory) / bytes);
        return Math.trunc((1 - Math.abs((ofCpu - ofMemory) / 2)) * MAX_SCORE);
      }
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
