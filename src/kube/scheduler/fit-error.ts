import type { Pod } from "../api/index.ts";
import type { Refusal, SchedulingPlugin } from "./framework.ts";
import type { NodeInfo } from "./node-info.ts";

export interface NodeRefusal {
  node: NodeInfo;
  plugin: SchedulingPlugin<unknown>;
  reasons: readonly Refusal[];
}

/** `0/3 nodes are available: 1 Insufficient memory, 2 Insufficient cpu. preemption: …` (framework FitError). */
export function fitErrorMessage(pod: Pod, refusals: readonly NodeRefusal[]): string {
  const nodeCount = refusals.length;
  if (nodeCount === 0) return "no nodes available to schedule pods";
  const reasons = refusals.flatMap((refusal) => refusal.reasons.map((one) => one.reason));
  const text = `0/${nodeCount} nodes are available: ${counted(reasons)}.`;
  const preemption = preemptionText(pod, refusals);
  // The two full stops are upstream's, whose message ends with another message.
  return preemption === undefined
    ? text
    : `${text} preemption: 0/${nodeCount} nodes are available: ${preemption}..`;
}

/**
 * Why to drive out other pods does not help. Where pods of a lower priority could be driven out nothing is said, because
 * that is not done here.
 */
function preemptionText(pod: Pod, refusals: readonly NodeRefusal[]): string | undefined {
  const priority: number = pod.spec.priority ?? 0;
  const reasons: string[] = [];
  for (const { node, reasons: why } of refusals) {
    if (why.some((one) => one.unresolvable)) {
      reasons.push("Preemption is not helpful for scheduling");
      continue;
    }
    for (const other of node.pods.values()) if ((other.pod.spec.priority ?? 0) < priority) return undefined;
    reasons.push("No preemption victims found for incoming pod");
  }
  return counted(reasons);
}

/** `1 a, 2 b`, sorted as text. */
function counted(reasons: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .sort()
    .join(", ");
}
