import type { Pod, PodDisruptionBudget } from "../../api/index.ts";
import { type NodeRefusal, type Prepared, refuseNode, tellMoved } from "../filter-node.ts";
import type { NodeInfo } from "../node-info.ts";
import type { Nominator } from "../nominator.ts";
import { type PodInfo, podInfoOf } from "../pod-info.ts";
import { byImportance } from "./importance.ts";
import type { Candidate } from "./pick-candidate.ts";
import { splitByBudgets } from "./violated-budgets.ts";

export interface VictimsRequest {
  pod: Pod;
  node: NodeInfo;
  filters: readonly Prepared[];
  budgets: readonly PodDisruptionBudget[];
  nominator: Nominator;
}

const NO_VICTIMS = [{ reason: "No preemption victims found for incoming pod" }];

/**
 * The fewest and least important pods without which the pod fits on the node: first all less important ones go, then they come
 * back one by one, those that a budget protects and the most important first, as long as it still fits.
 */
export function selectVictims(request: VictimsRequest): Candidate | Pick<NodeRefusal, "reasons"> {
  const { pod, node, filters, budgets, nominator } = request;
  const { priority } = podInfoOf(pod);
  const potential = [...node.pods.values()].filter((other) => other.priority < priority);
  if (potential.length === 0) return { reasons: NO_VICTIMS };
  const trial = node.copy();
  const move = (other: PodInfo, sign: 1 | -1): void => {
    if (sign === 1) trial.addPod(other);
    else trial.removePod(other.pod.metadata.uid);
    tellMoved(pod, trial, filters, other, sign);
  };
  const why = () => refuseNode(pod, trial, filters, nominator);
  const gone = new Set(potential);
  for (const other of potential) move(other, -1);
  try {
    const refusal = why();
    if (refusal) return refusal;
    const stays = (other: PodInfo): boolean => {
      move(other, 1);
      if (!why()) return gone.delete(other);
      move(other, -1);
      return false;
    };
    const { violating, others } = splitByBudgets(potential.sort(byImportance), budgets);
    const violations = violating.filter((other) => !stays(other)).length;
    for (const other of others) stays(other);
    const victims = [...gone].sort(byImportance).map((one) => one.pod);
    return { node: node.name, victims, violations };
  } finally {
    for (const other of gone) move(other, 1);
  }
}
