import type { DaemonSet, Node, PodSpec, Toleration } from "../../api/index.ts";
import { nodeIsSelected, untoleratedTaint } from "../../api/index.ts";
import { daemonTolerations } from "./daemon-pod.ts";

/** Whether a node is to get a pod of the set, and whether one that it has may stay. */
export interface Placement {
  shouldRun: boolean;
  shouldContinue: boolean;
}

/** By the nodes' names, labels and taints (NodeShouldRunDaemonPod); what else they run counts for nothing. */
export function placementsOf(nodes: readonly Node[], { spec }: DaemonSet): Map<string, Placement> {
  const template = spec.template.spec!;
  const tolerations = daemonTolerations(template);
  return new Map(nodes.map((node) => [node.metadata.name, placementOn(node, template, tolerations)]));
}

function placementOn(node: Node, template: PodSpec, tolerations: readonly Toleration[]): Placement {
  const isMeant = !template.nodeName || template.nodeName === node.metadata.name;
  if (!isMeant || !nodeIsSelected(template, node)) return { shouldRun: false, shouldContinue: false };
  const { taints = [] } = node.spec ?? {};
  const isBorne = (...effects: string[]) => untoleratedTaint(taints, tolerations, effects) === undefined;
  return { shouldRun: isBorne("NoExecute", "NoSchedule"), shouldContinue: isBorne("NoExecute") };
}
