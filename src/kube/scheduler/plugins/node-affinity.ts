import type { KubeObject } from "../../api/types.ts";
import { normalizeToMax, type SchedulingPlugin } from "../framework.ts";

interface Requirement {
  key: string;
  operator: "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt";
  values?: string[];
}

interface NodeSelectorTerm {
  matchExpressions?: Requirement[];
  matchFields?: Requirement[];
}

function holds({ operator, values = [] }: Requirement, value: string | undefined): boolean {
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
  }
}

/** A term holds when all its requirements do; an empty term holds for no node. */
export function termMatches(term: NodeSelectorTerm, node: KubeObject): boolean {
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
export function nodeIsSelected(pod: KubeObject, node: KubeObject): boolean {
  const labels = node.metadata.labels ?? {};
  const selector: Record<string, string> = pod.spec.nodeSelector ?? {};
  if (!Object.entries(selector).every(([key, value]) => labels[key] === value)) return false;
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return (
    !required || (required.nodeSelectorTerms ?? []).some((term: NodeSelectorTerm) => termMatches(term, node))
  );
}

/** nodeSelector and node affinity. */
export const nodeAffinity: SchedulingPlugin = {
  name: "NodeAffinity",
  weight: 2,
  filter: (pod, { node }) =>
    nodeIsSelected(pod, node)
      ? []
      : [{ reason: "node(s) didn't match Pod's node affinity/selector", unresolvable: true }],
  score: (pod, { node }) => {
    let total = 0;
    for (const preferred of pod.spec.affinity?.nodeAffinity
      ?.preferredDuringSchedulingIgnoredDuringExecution ?? []) {
      if (termMatches(preferred.preference, node)) total += preferred.weight;
    }
    return total;
  },
  normalize: (_pod, scores) => normalizeToMax(scores),
};
