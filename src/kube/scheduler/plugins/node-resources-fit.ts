import { isExtendedResource } from "../../api/index.ts";
import { defaultPluginArgs, type PluginArgs } from "../config/index.ts";
import type { Refusal, SchedulingPlugin } from "../framework.ts";
import { FREE_CPU, FREE_MEMORY, FREE_PODS } from "../node-figures.ts";
import { type PodInfo, podInfoOf } from "../pod-info.ts";
import { readResources } from "../resources.ts";
import { scoringStrategy } from "./scoring-strategy.ts";

type Args = PluginArgs["NodeResourcesFit"];

interface State {
  info: PodInfo;
  cpu: number;
  memory: number;
  /** Whether it asks for something else. */
  others: boolean;
}

const COMMON: ReadonlySet<string> = new Set(["cpu", "memory"]);

/** Room for the pod's requests; prefers the emptier node, where the strategy is no other one. */
export function nodeResourcesFit(args: Args = defaultPluginArgs().NodeResourcesFit): SchedulingPlugin<State> {
  const rate = scoringStrategy(args.scoringStrategy);
  const isIgnored = ignoredBy(args);
  return {
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
    prepare: (pod) => {
      const info = podInfoOf(pod);
      const { requests } = info;
      const others = [...requests].some(([name, amount]) => !COMMON.has(name) && amount > 0);
      return { info, cpu: requests.get("cpu") ?? 0, memory: requests.get("memory") ?? 0, others };
    },
    filter: (_pod, node, { info: { requests }, cpu, memory, others }) => {
      const { figures } = node;
      const fits = figures[FREE_PODS]! >= 1 && cpu <= figures[FREE_CPU]! && memory <= figures[FREE_MEMORY]!;
      if (fits && !others) return undefined;
      let refusals: Refusal[] | undefined;
      if (node.pods.size + 1 > (node.allocatable.get("pods") ?? 0)) refusals = [{ reason: "Too many pods" }];
      for (const [name, amount] of requests) {
        if (amount === 0) continue;
        const allocatable = node.allocatable.get(name) ?? 0;
        if (amount <= allocatable - (node.requested.get(name) ?? 0)) continue;
        if (isIgnored(name)) continue;
        refusals ??= [];
        refusals.push({ reason: `Insufficient ${name}`, unresolvable: amount > allocatable });
      }
      return refusals;
    },
    score: (_pod, node, { info }) => rate(node, info),
  };
}

/** Only what is neither Kubernetes' own nor counted by it can be left to others. */
function ignoredBy({ ignoredResources = [], ignoredResourceGroups = [] }: Args): (name: string) => boolean {
  const names = new Set(ignoredResources);
  const groups = new Set(ignoredResourceGroups);
  if (names.size + groups.size === 0) return () => false;
  return (name) =>
    isExtendedResource(name) && (names.has(name) || groups.has(name.slice(0, name.indexOf("/"))));
}
