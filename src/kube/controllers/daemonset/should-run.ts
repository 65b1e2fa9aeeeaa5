import type { DaemonSet, Node } from "../../api/index.ts";
import { nodeIsSelected, untoleratedTaint } from "../../api/index.ts";
import { daemonTolerations } from "./daemon-pod.ts";

/** Whether a node is to get a pod of the set, and whether one that it has may stay. */
export interface Placement {
  shouldRun: boolean;
  shouldContinue: boolean;
}

/** By the node's name, labels and taints (NodeShouldRunDaemonPod); what else it runs counts for nothing. */
export function placementOn(node: Node, { spec }: DaemonSet): Placement {
  const template = spec.template.spec!;
  const isMeant = !template.nodeName || template.nodeName === node.metadata.name;
  if (!isMeant || !nodeIsSelected(template, node)) return { shouldRun: false, shouldContinue: false };
  const { taints = [] } = node.spec ?? {};
  const isBorne = (...effects: string[]) =>
    untoleratedTaint(taints, daemonTolerations(template), effects) === undefined;
  return { shouldRun: isBorne("NoExecute", "NoSchedule"), shouldContinue: isBorne("NoExecute") };
}
