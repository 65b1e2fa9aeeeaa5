import {
  type NodeSelectorTerm,
  nodeIsSelected,
  nodeSelectorTermMatches,
  type PreferredSchedulingTerm,
  selectsNodes,
} from "../../api/index.ts";
import { normalizeToMax, type Refusal, type SchedulingPlugin } from "../framework.ts";

const REFUSED: readonly Refusal[] = [
  { reason: "node(s) didn't match Pod's node affinity/selector", unresolvable: true },
];

interface State {
  selects: boolean;
  preferred: PreferredSchedulingTerm[];
}

/** nodeSelector and node affinity. */
export const nodeAffinity: SchedulingPlugin<State> = {
  name: "NodeAffinity",
  wokenBy: ["node"],
  mayHelp: ({ spec }, event) =>
    event.type === "node" &&
    event.node !== undefined &&
    nodeIsSelected(spec, event.node) &&
    !(event.previous && nodeIsSelected(spec, event.previous)),
  weight: 2,
  prepare: (pod) => {
    const selects = selectsNodes(pod.spec);
    const preferred = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    return selects || preferred.length > 0 ? { selects, preferred } : "skip";
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
  filter: (pod, { node }, { selects }) => (!selects || nodeIsSelected(pod.spec, node) ? undefined : REFUSED),
  prepareScore: (_pod, _nodes, { preferred }) => (preferred.length === 0 ? "skip" : undefined),
  score: (_pod, { node }, { preferred }) => {
    let total = 0;
    for (const { preference, weight } of preferred)
      if (nodeSelectorTermMatches(preference, node)) total += weight;
    return total;
  },
  normalize: (scores) => normalizeToMax(scores),
};

/** The nodes that a term admits by their names; undefined where it does not go by names. */
function namedBy({ matchFields = [] }: NodeSelectorTerm): string[] | undefined {
  const lists = matchFields
    .filter(({ key, operator }) => key === "metadata.name" && operator === "In")
    .map(({ values = [] }) => values);
  const [first, ...others] = lists;
  return first?.filter((name) => others.every((list) => list.includes(name)));
}
