import {
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
  weight: 2,
  prepare: (pod) => {
    const selects = selectsNodes(pod.spec);
    const preferred = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    return selects || preferred.length > 0 ? { selects, preferred } : "skip";
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
