import { type Node, type Taint, type Toleration, toleratesTaint, untoleratedTaint } from "../../api/index.ts";
import { normalizeToMax, type SchedulingPlugin } from "../framework.ts";
import type { NodeInfo } from "../node-info.ts";

const HARD = ["NoSchedule", "NoExecute"];
const taintsOf = ({ node }: Pick<NodeInfo, "node">): readonly Taint[] => node.spec?.taints ?? [];
const unborne = (node: Node, tolerations: readonly Toleration[] = []): Taint | undefined =>
  untoleratedTaint(taintsOf({ node }), tolerations, HARD);

/** Keeps pods off nodes whose taints they do not tolerate, and prefers nodes with few soft ones. */
export const taintToleration: SchedulingPlugin<readonly Toleration[]> = {
  name: "TaintToleration",
  wokenBy: ["node"],
  mayHelp: ({ spec: { tolerations } }, event) =>
    event.type === "node" &&
    event.node !== undefined &&
    !unborne(event.node, tolerations) &&
    !(event.previous && !unborne(event.previous, tolerations)),
  weight: 3,
  prepare: (pod) => pod.spec.tolerations ?? [],
  filter: (_pod, node, tolerations) => {
    const taint = unborne(node.node, tolerations);
    if (!taint) return undefined;
    const reason = `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ""}}`;
    return [{ reason, unresolvable: true }];
  },
  // Without a soft taint anywhere all nodes are alike.
  prepareScore: (_pod, nodes) =>
    nodes.some((node) => taintsOf(node).some((taint) => taint.effect === "PreferNoSchedule"))
      ? undefined
      : "skip",
  score: (_pod, node, tolerations) => {
    let count = 0;
    for (const taint of taintsOf(node)) {
      if (taint.effect !== "PreferNoSchedule") continue;
      if (!tolerations.some((toleration) => toleratesTaint(toleration, taint))) count++;
    }
    return count;
  },
  normalize: (scores) => normalizeToMax(scores, true),
};
