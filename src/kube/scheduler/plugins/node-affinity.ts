import {
  type Node,
  type NodeSelectorTerm,
  nodeIsSelected,
  nodeSelectorTermMatches,
  type Pod,
  type PreferredSchedulingTerm,
  selectsNodes,
} from "../../api/index.ts";
import type { PluginArgs } from "../config/index.ts";
import { normalizeToMax, type Refusal, type SchedulingPlugin } from "../framework.ts";

const REFUSED: readonly Refusal[] = [
  { reason: "node(s) didn't match Pod's node affinity/selector", unresolvable: true },
];
const NOT_ENFORCED: readonly Refusal[] = [
  { reason: "node(s) didn't match scheduler-enforced node affinity", unresolvable: true },
];

interface State {
  selects: boolean;
  preferred: PreferredSchedulingTerm[];
}

/** nodeSelector and node affinity, of the pod and (`addedAffinity`) of all pods of a profile. */
export function nodeAffinity({ addedAffinity }: PluginArgs["NodeAffinity"] = {}): SchedulingPlugin<State> {
  const enforced = addedAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  const added = addedAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const isAdmitted = (node: Pick<Node, "metadata">): boolean =>
    enforced === undefined || enforced.some((term) => nodeSelectorTermMatches(term, node));
  const admits = (pod: Pod, node: Node): boolean => isAdmitted(node) && nodeIsSelected(pod.spec, node);
  return {
    name: "NodeAffinity",
    wokenBy: ["node"],
    mayHelp: (pod, event) =>
      event.type === "node" &&
      event.node !== undefined &&
      admits(pod, event.node) &&
      !(event.previous && admits(pod, event.previous)),
    weight: 2,
    prepare: (pod) => {
      const selects = selectsNodes(pod.spec);
      const own = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
      const preferred = added.length > 0 ? [...added, ...own] : own;
      return selects || enforced || preferred.length > 0 ? { selects, preferred } : "skip";
    },
    namedNodes: ({ spec }) => {
      const terms =
        spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
      if (terms.length === 0) return undefined;
      const names = new Set<string>();
      for (const term of terms) {
        const named = namedBy(term);
        if (!named) return undefined;
        for (const name of named) names.add(name);
      }
      return names;
    },
    filter: (pod, { node }, { selects }) => {
      if (!isAdmitted(node)) return NOT_ENFORCED;
      return !selects || nodeIsSelected(pod.spec, node) ? undefined : REFUSED;
    },
    prepareScore: (_pod, _nodes, { preferred }) => (preferred.length === 0 ? "skip" : undefined),
    score: (_pod, { node }, { preferred }) => {
      let total = 0;
      for (const { preference, weight } of preferred)
        if (nodeSelectorTermMatches(preference, node)) total += weight;
      return total;
    },
    normalize: (scores) => normalizeToMax(scores),
  };
}

/** The nodes that a term admits by their names; undefined where it does not go by names. */
function namedBy({ matchFields = [] }: NodeSelectorTerm): string[] | undefined {
  const lists = matchFields
    .filter(({ key, operator }) => key === "metadata.name" && operator === "In")
    .map(({ values = [] }) => values);
  const [first, ...others] = lists;
  return first?.filter((name) => others.every((list) => list.includes(name)));
}
