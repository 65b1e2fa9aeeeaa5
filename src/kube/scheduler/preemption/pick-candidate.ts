import type { Pod } from "../../api/index.ts";
import { startedMs } from "./importance.ts";

/** A node with the pods that would have to go from it. */
export interface Candidate {
  node: string;
  /** The most important first; at least one. */
  victims: readonly Pod[];
  /** How many of them a budget protects. */
  violations: number;
}

const priorityOf = (pod: Pod): number => pod.spec.priority ?? 0;
/** Makes all priorities positive, so that a few pods weigh less than many. */
const LIFT = 2 ** 31;

/** What tells candidates apart, one after the other; less is better. */
const COSTS: readonly ((candidate: Candidate) => number)[] = [
  ({ violations }) => violations,
  ({ victims }) => priorityOf(victims[0]!),
  ({ victims }) => victims.reduce((sum, one) => sum + priorityOf(one) + LIFT, 0),
  ({ victims }) => victims.length,
  ({ victims }) => -startOfMostImportant(victims),
];

/** The candidate whose victims are the least loss (preemption pickOneNodeForPreemption). */
export function pickCandidate(candidates: readonly Candidate[]): Candidate | undefined {
  let left = candidates;
  for (const costOf of COSTS) {
    if (left.length <= 1) break;
    const costs = left.map(costOf);
    const least = costs.reduce((a, b) => Math.min(a, b));
    left = left.filter((_, index) => costs[index] === least);
  }
  return left[0];
}

/** Of those of the highest priority, the oldest. */
function startOfMostImportant(victims: readonly Pod[]): number {
  const highest = priorityOf(victims[0]!);
  const starts = victims.filter((one) => priorityOf(one) === highest).map(startedMs);
  return starts.reduce((a, b) => Math.min(a, b));
}
