import { type Pod, type PodDisruptionBudget, podCondition } from "../../api/index.ts";
import type { PluginArgs } from "../config/index.ts";
import type { NodeRefusal, Prepared } from "../filter-node.ts";
import { fitErrorMessage } from "../fit-error.ts";
import type { NodeInfo } from "../node-info.ts";
import { podInfoOf } from "../pod-info.ts";
import type { Snapshot } from "../snapshot.ts";
import { type Candidate, pickCandidate } from "./pick-candidate.ts";
import { selectVictims } from "./select-victims.ts";

/** What driving out other pods comes to. */
export interface Preemption {
  /** The node that the pod has in prospect now; an empty text where it has none any more; absent: as before. */
  nominate?: string;
  /** The less important pods that must go from there. */
  victims?: readonly Pod[];
  /** Why nobody is driven out. */
  message?: string;
}

export interface PreemptionRequest {
  pod: Pod;
  snapshot: Snapshot;
  filters: readonly Prepared[];
  /** The nodes on which the pod might fit without some of their pods. */
  resolvable: readonly NodeInfo[];
  budgets: () => Iterable<PodDisruptionBudget>;
  random: () => number;
  /** How many nodes are tried out at least, where there are as many. */
  args: PluginArgs["DefaultPreemption"];
}

/** Finds the node from which the least important pods would have to go for this one (upstream's DefaultPreemption). */
export function preempt(request: PreemptionRequest): Preemption {
  const why = whyNotEligible(request);
  if (why !== undefined) return { message: why };
  const tried = tryOut(request);
  return conclude(request, tried, tried.candidates);
}

/** As `preempt`, where others have a say: `ask` gives the candidates that they let stand. */
export async function preemptAsking(
  request: PreemptionRequest,
  ask: (candidates: readonly Candidate[]) => Promise<readonly Candidate[]>,
): Promise<Preemption> {
  const why = whyNotEligible(request);
  if (why !== undefined) return { message: why };
  const tried = tryOut(request);
  return conclude(request, tried, tried.candidates.length > 0 ? await ask(tried.candidates) : []);
}

interface Tried {
  candidates: readonly Candidate[];
  refusals: readonly Pick<NodeRefusal, "reasons">[];
}

function conclude(
  request: PreemptionRequest,
  { candidates, refusals }: Tried,
  left: readonly Candidate[],
): Preemption {
  const best = pickCandidate(left);
  if (best) return { nominate: best.node, victims: best.victims };
  if (candidates.length > 0) return { message: "no candidate node for preemption" };
  const message = fitErrorMessage({
    nodeCount: request.snapshot.nodes.length,
    refusals,
    absentReason: "Preemption is not helpful for scheduling",
  });
  return { nominate: "", message };
}

/** Who never drives out others, or has done so and waits for them to go, does not now. */
function whyNotEligible({ pod, snapshot, resolvable }: PreemptionRequest): string | undefined {
  if (pod.spec.preemptionPolicy === "Never") return "not eligible due to preemptionPolicy=Never.";
  const nominated = snapshot.nominator.nodeOf(pod.metadata.uid);
  const node = nominated === undefined ? undefined : snapshot.node(nominated);
  if (!node || !resolvable.includes(node)) return undefined;
  const { priority } = podInfoOf(pod);
  for (const other of node.pods.values()) {
    if (other.priority < priority && isGoingByPreemption(other.pod))
      return "not eligible due to a terminating pod on the nominated node.";
  }
  return undefined;
}

function isGoingByPreemption(pod: Pod): boolean {
  if (pod.metadata.deletionTimestamp === undefined) return false;
  const condition = podCondition(pod, "DisruptionTarget");
  return condition?.status === "True" && condition.reason === "PreemptionByScheduler";
}

/** Enough nodes on which room could be made, and why there is none on the others; begins anywhere, so that all have their turn. */
function tryOut({ pod, snapshot, filters, resolvable, budgets, random, args }: PreemptionRequest): Tried {
  const candidates: Candidate[] = [];
  const refusals: Pick<NodeRefusal, "reasons">[] = [];
  const count = resolvable.length;
  const { minCandidateNodesAbsolute: least, minCandidateNodesPercentage: percentage } = args;
  const enough = Math.max(least, Math.floor((count * percentage) / 100));
  const known = count === 0 ? [] : [...budgets()];
  const start = Math.floor(random() * count);
  let isHarmless = false;
  for (let tried = 0; tried < count && !(isHarmless && candidates.length >= enough); tried++) {
    const node = resolvable[(start + tried) % count]!;
    const outcome = selectVictims({ pod, node, filters, budgets: known, nominator: snapshot.nominator });
    if ("reasons" in outcome) refusals.push(outcome);
    else {
      candidates.push(outcome);
      isHarmless ||= outcome.violations === 0;
    }
  }
  return { candidates, refusals };
}
