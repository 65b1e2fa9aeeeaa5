import type { Node, Pod } from "../api/index.ts";
import type { NodeInfo } from "./node-info.ts";
import type { PodInfo } from "./pod-info.ts";
import type { Snapshot } from "./snapshot.ts";

/** Why a node does not fit, as the person will read it: `Insufficient cpu`. */
export interface Refusal {
  reason: string;
  /** Nothing that pods on the node do would help: no preemption, no retry when a pod goes. */
  unresolvable?: boolean;
}

/** Why no node can do for a pod, whatever they are, until something else changes. */
export class PodRefusal {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

export type StorageResource =
  | "PersistentVolume"
  | "PersistentVolumeClaim"
  | "storage.k8s.io/CSINode"
  | "storage.k8s.io/CSIDriver"
  | "storage.k8s.io/CSIStorageCapacity"
  | "storage.k8s.io/StorageClass"
  | "storage.k8s.io/VolumeAttachment";

/** What happens in the cluster that may let a waiting pod fit. */
export type ClusterEvent =
  /** A node came, went (it is only `previous` then) or changed in what scheduling looks at. */
  | { type: "node"; node?: Node; previous?: Node }
  /** A pod left its node, or has it no more in prospect. */
  | { type: "pod-gone"; pod: Pod }
  /** A pod came to a node, or one there (it was `previous`) got other labels. */
  | { type: "pod-placed"; pod: Pod; previous?: Pod }
  /** Claims, volumes, classes or what is told of drivers has changed: upstream's words for the kind and what happened to it. */
  | { type: "storage"; resource: StorageResource; action: "Add" | "Update" | "Delete" };

/** Another pod that is tried out on a node (1), or taken from it (-1). */
export interface PodMove {
  other: PodInfo;
  node: NodeInfo;
  sign: 1 | -1;
}

/**
 * One concern of scheduling. A plugin prepares once per pod (`prepare`), then judges nodes (`filter`) and rates those that
 * fit (`score`, 0 to 100). What `prepare` returns is handed to the others; `skip` saves the calls.
 */
export interface SchedulingPlugin<State = unknown> {
  readonly name: string;
  /** Events after which a pod that this plugin refused is worth another try. */
  readonly wokenBy?: readonly ClusterEvent["type"][];
  /** Whether just this one may help (upstream's queueing hints); where it is absent each may. */
  mayHelp?(pod: Pod, event: ClusterEvent, snapshot: Snapshot): boolean;
  prepare?(pod: Pod, snapshot: Snapshot): State | "skip" | PodRefusal;
  /** The nodes that the pod names, where it does: no other one is looked at. None: its names contradict each other. */
  namedNodes?(pod: Pod): ReadonlySet<string> | undefined;
  /** Brings the state up to a move; the opposite move undoes it. What a node itself knows of its pods needs none of this. */
  podMoved?(state: State, pod: Pod, move: PodMove): void;
  /** Undefined or empty where the node fits. */
  filter?(pod: Pod, node: NodeInfo, state: State): readonly Refusal[] | undefined;
  /** Called once with the nodes that fit, before they are rated; `skip` leaves them unrated. */
  prepareScore?(pod: Pod, nodes: readonly NodeInfo[], state: State): "skip" | undefined;
  /** Raw rating; `normalize` may bring all nodes' ratings into 0..100. */
  score?(pod: Pod, node: NodeInfo, state: State): number;
  /** Changes the ratings in place; they stand in the order of the nodes. */
  normalize?(scores: Float64Array, state: State): void;
  /** Factor of the score in the sum; upstream's default weights. */
  weight?: number;
  /** Takes for the pod, which has its node now, what it needs besides room; `unreserve` gives it back. */
  reserve?(pod: Pod, node: string): void;
  /** Work to be done before the pod is bound, where there is any; the binding fails with it. */
  preBind?(pod: Pod, node: string): Promise<void> | undefined;
  unreserve?(pod: Pod, node: string): void;
  /** The pod is bound. */
  postBind?(pod: Pod): void;
}

export const MAX_SCORE = 100;

/** Scales raw scores so that the highest becomes 100; `reverse` turns the order round (helper.DefaultNormalizeScore). */
export function normalizeToMax(scores: Float64Array, reverse = false): void {
  let most = 0;
  for (const score of scores) if (score > most) most = score;
  for (let index = 0; index < scores.length; index++) {
    const scaled = most === 0 ? 0 : Math.floor((scores[index]! * MAX_SCORE) / most);
    scores[index] = reverse ? MAX_SCORE - scaled : scaled;
  }
}
