import type { Node, NodeSelectorRequirement, NodeSelectorTerm, Pod } from "../../generated/types.ts";

/** What of a pod says which nodes it may go to. */
type Selecting = Pick<Pod["spec"], "nodeSelector" | "affinity">;

const requiredTerms = ({ affinity }: Selecting): readonly NodeSelectorTerm[] | undefined =>
  affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;

/** Whether the pod says anything about the nodes that it may go to. */
export function selectsNodes(spec: Selecting): boolean {
  const isRequiring =
    spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution !== undefined;
  return isRequiring || Object.keys(spec.nodeSelector ?? {}).length > 0;
}

/** Whether nodeSelector and the required node affinity admit the node (component-helpers, nodeaffinity). */
export function nodeIsSelected(spec: Selecting, node: Pick<Node, "metadata">): boolean {
  const labels = node.metadata.labels ?? {};
  if (!Object.entries(spec.nodeSelector ?? {}).every(([key, value]) => labels[key] === value)) return false;
  if (spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution === undefined) return true;
  return (requiredTerms(spec) ?? []).some((term) => nodeSelectorTermMatches(term, node));
}

/** A term holds when all its requirements do; an empty term holds for no node. */
export function nodeSelectorTermMatches(term: NodeSelectorTerm, node: Pick<Node, "metadata">): boolean {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  if (expressions.length === 0 && fields.length === 0) return false;
  const labels = node.metadata.labels ?? {};
  return (
    expressions.every((one) => holds(one, labels[one.key])) &&
    fields.every((one) => one.key === "metadata.name" && holds(one, node.metadata.name))
  );
}

const INTEGER = /^-?\d+$/;

function holds(requirement: NodeSelectorRequirement, value: string | undefined): boolean {
  const values = requirement.values ?? [];
  switch (requirement.operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return value !== undefined && INTEGER.test(value) && BigInt(value) > BigInt(values[0] ?? "0");
    case "Lt":
      return value !== undefined && INTEGER.test(value) && BigInt(value) < BigInt(values[0] ?? "0");
    default:
      return false;
  }
}
