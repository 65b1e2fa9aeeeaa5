import type {
  Node,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  Pod,
  PreferredSchedulingTerm,
} from "../../api/index.ts";
import { normalizeToMax, type Refusal, type SchedulingPlugin } from "../framework.ts";

function holds({ operator, values = [] }: NodeSelectorRequirement, value: string | undefined): boolean {
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return value !== undefined && /^-?\d+$/.test(value) && BigInt(value) > BigInt(values[0] ?? "0");
    case "Lt":
      return value !== undefined && /^-?\d+$/.test(value) && BigInt(value) < BigInt(values[0] ?? "0");
    default:
      return false;
  }
}

/** A term holds when all its requirements do; an empty term holds for no node. */
export function termMatches(term: NodeSelectorTerm, node: Node): boolean {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  if (expressions.length === 0 && fields.length === 0) return false;
  const labels = node.metadata.labels ?? {};
  return (
    expressions.every((one) => holds(one, labels[one.key])) &&
    fields.every((one) => one.key === "metadata.name" && holds(one, node.metadata.name))
  );
}

/** Whether nodeSelector and the required node affinity admit the node. */
export function nodeIsSelected(pod: Pod, node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  const selector = pod.spec.nodeSelector ?? {};
  if (!Object.entries(selector).every(([key, value]) => labels[key] === value)) return false;
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return !required || (required.nodeSelectorTerms ?? []).some((term) => termMatches(term, node));
}

const REFUSED: readonly Refusal[] = [
  { reason: "node(s) didn't match Pod's node affinity/selector", unresolvable: true },
];

/** Whether the pod says anything about the nodes that it may go to. */
export function selectsNodes({ spec }: Pod): boolean {
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required !== undefined || Object.keys(spec.nodeSelector ?? {}).length > 0;
}

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
    const selects = selectsNodes(pod);
    const preferred = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    return selects || preferred.length > 0 ? { selects, preferred } : "skip";
  },
  filter: (pod, { node }, { selects }) => (!selects || nodeIsSelected(pod, node) ? undefined : REFUSED),
  prepareScore: (_pod, _nodes, { preferred }) => (preferred.length === 0 ? "skip" : undefined),
  score: (_pod, { node }, { preferred }) => {
    let total = 0;
    for (const { preference, weight } of preferred) if (termMatches(preference, node)) total += weight;
    return total;
  },
  normalize: (scores) => normalizeToMax(scores),
};
