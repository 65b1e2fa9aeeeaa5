import { type Node, type Pod, toleratesTaint } from "../../api/index.ts";
import type { Refusal, SchedulingPlugin } from "../framework.ts";

const TAINT = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" as const };
const REFUSED: readonly Refusal[] = [{ reason: "node(s) were unschedulable", unresolvable: true }];

/** A cordoned node takes no new pods but those that tolerate its taint. */
export const nodeUnschedulable: SchedulingPlugin = {
  name: "NodeUnschedulable",
  wokenBy: ["node"],
  mayHelp: (pod, event) => event.type === "node" && event.node !== undefined && !isRefused(pod, event.node),
  filter: (pod, { node }) => (isRefused(pod, node) ? REFUSED : undefined),
};

function isRefused(pod: Pod, node: Node): boolean {
  if (!node.spec?.unschedulable) return false;
  return !(pod.spec.tolerations ?? []).some((one) => toleratesTaint(one, TAINT));
}
