import type { NodeRefusal } from "./filter-node.ts";

/** Why a pod fits nowhere. */
export interface Diagnosis {
  nodeCount: number;
  refusals: readonly Pick<NodeRefusal, "reasons">[];
  /** Why the other nodes were not even looked at. */
  absentReason?: string;
  /** Why no node can do, whatever they are. */
  generalReason?: string;
}

/** `0/3 nodes are available: 1 Insufficient memory, 2 Insufficient cpu.` (framework FitError). */
export function fitErrorMessage({ nodeCount, refusals, absentReason, generalReason }: Diagnosis): string {
  if (nodeCount === 0) return "no nodes available to schedule pods";
  const head = `0/${nodeCount} nodes are available:`;
  if (generalReason !== undefined) return `${head} ${generalReason}.`;
  const counts = new Map<string, number>();
  const count = (reason: string, amount: number): void => {
    counts.set(reason, (counts.get(reason) ?? 0) + amount);
  };
  for (const { reasons } of refusals) for (const { reason } of reasons) count(reason, 1);
  if (absentReason !== undefined && refusals.length < nodeCount)
    count(absentReason, nodeCount - refusals.length);
  const listed = [...counts].map(([reason, amount]) => `${amount} ${reason}`).sort();
  return `${head} ${listed.join(", ")}.`;
}
