import { type Taint, type Toleration, toleratesTaint, untoleratedTaint } from "../../api/index.ts";
import { normalizeToMax, type SchedulingPlugin } from "../framework.ts";
import type { NodeInfo } from "../node-info.ts";

const HARD = ["NoSchedule", "NoExecute"];
const taintsOf = ({ node }: NodeInfo): readonly Taint[] => node.spec?.taints ?? [];

/** Keeps pods off nodes whose taints they do not tolerate, and prefers nodes with few soft ones. */
export const taintToleration: SchedulingPlugin<readonly Toleration[]> = {
  name: "TaintToleration",
  wokenBy: ["node"],
  weight: 3,
  prepare: (pod) => pod.spec.tolerations ?? [],
  filter: (_pod, node, tolerations) => {
    const taint = untoleratedTaint(taintsOf(node), tolerations, HARD);
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
