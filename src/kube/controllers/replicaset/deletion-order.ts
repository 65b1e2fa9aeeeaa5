import type { KubeObject } from "../../api/types.ts";
import { isReady, readySinceMs, restartsOf } from "../pod-state.ts";

const PHASE_ORDER: Record<string, number> = { Pending: 0, Unknown: 1, Running: 2 };
const DELETION_COST = "controller.kubernetes.io/pod-deletion-cost";

type Ranking = (pod: KubeObject) => number;

/** Each says: smaller goes first. In upstream's order (controller_utils.go, ActivePodsWithRanks). */
function rankings(pods: readonly KubeObject[], nowMs: number): Ranking[] {
  const readyPerNode = new Map<string, number>();
  for (const pod of pods) {
    const node: string | undefined = pod.spec.nodeName;
    if (node && isReady(pod)) readyPerNode.set(node, (readyPerNode.get(node) ?? 0) + 1);
  }
  const logarithmicAge = (sinceMs: number) => Math.floor(Math.log2(Math.max(1, nowMs - sinceMs)));
  return [
    (pod) => (pod.spec.nodeName ? 1 : 0),
    (pod) => PHASE_ORDER[pod.status?.phase] ?? 0,
    (pod) => (isReady(pod) ? 1 : 0),
    (pod) => Number(pod.metadata.annotations?.[DELETION_COST] ?? 0),
    (pod) => -(readyPerNode.get(pod.spec.nodeName) ?? 0),
    (pod) => logarithmicAge(readySinceMs(pod) ?? nowMs),
    (pod) => -restartsOf(pod),
    (pod) => logarithmicAge(Date.parse(pod.metadata.creationTimestamp ?? "")),
  ];
}

/** The pods in the order in which a ReplicaSet gives them up. */
export function inDeletionOrder(pods: readonly KubeObject[], nowMs: number): KubeObject[] {
  const ranks = rankings(pods, nowMs);
  return [...pods].sort((a, b) => {
    for (const rank of ranks) {
      const difference = rank(a) - rank(b);
      if (difference !== 0) return difference;
    }
    return a.metadata.uid < b.metadata.uid ? -1 : 1;
  });
}
