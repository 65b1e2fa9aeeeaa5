import type { KubeObject } from "../api/types.ts";
import type { NodeInfo } from "./node-info.ts";
import type { Snapshot } from "./snapshot.ts";

/** Why a node does not fit, as the person will read it: `Insufficient cpu`. */
export interface Refusal {
  reason: string;
  /** Nothing that pods on the node do would help: no preemption, no retry when a pod goes. */
  unresolvable?: boolean;
}

/**
 * One concern of scheduling. A plugin prepares once per pod (`prepare`), then judges every node (`filter`) and rates those
 * that fit (`score`, 0 to 100). What `prepare` returns is handed to the others; `undefined` from `prepare` with `skip` saves
 * the calls.
 */
export interface SchedulingPlugin<State = unknown> {
  readonly name: string;
  prepare?(pod: KubeObject, snapshot: Snapshot): State | "skip";
  filter?(pod: KubeObject, node: NodeInfo, state: State): Refusal[];
  /** Raw rating; `normalize` may bring all nodes' ratings into 0..100. */
  score?(pod: KubeObject, node: NodeInfo, state: State): number;
  normalize?(pod: KubeObject, scores: Map<string, number>, state: State): void;
  /** Factor of the score in the sum; upstream's default weights. */
  weight?: number;
}

export const MAX_SCORE = 100;

/** Scales raw scores so that the highest becomes 100; `reverse` turns the order round (helper.DefaultNormalizeScore). */
export function normalizeToMax(scores: Map<string, number>, reverse = false): void {
  const most = Math.max(0, ...scores.values());
  for (const [name, score] of scores) {
    const scaled = most === 0 ? 0 : Math.floor((score * MAX_SCORE) / most);
    scores.set(name, reverse ? MAX_SCORE - scaled : scaled);
  }
}
