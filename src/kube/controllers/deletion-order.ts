import type { Pod } from "../api/index.ts";
import { isReady, readySinceMs, restartsOf } from "./pod-state.ts";

const PHASE_ORDER: Record<string, number> = { Pending: 0, Unknown: 1, Running: 2 };
const DELETION_COST = "controller.kubernetes.io/pod-deletion-cost";

type Comparison = (a: Pod, b: Pod) => number;

const by =
  (rank: (pod: Pod) => number): Comparison =>
  (a, b) =>
    rank(a) - rank(b);

/**
 * The pods in the order in which their owner gives them up (controller_utils.go, ActivePodsWithRanks). `related` are the
 * active pods of all ReplicaSets of the same owner: a node that has several of them gives one up first.
 */
export function inDeletionOrder(pods: readonly Pod[], related: readonly Pod[], nowMs: number): Pod[] {
  const perNode = new Map<string, number>();
  for (const { spec } of related)
    perNode.set(spec.nodeName ?? "", (perNode.get(spec.nodeName ?? "") ?? 0) + 1);
  const comparisons: Comparison[] = [
    by((pod) => (pod.spec.nodeName ? 1 : 0)),
    by((pod) => PHASE_ORDER[pod.status?.phase ?? ""] ?? 0),
    by((pod) => (isReady(pod) ? 1 : 0)),
    by((pod) => deletionCost(pod)),
    by((pod) => -(perNode.get(pod.spec.nodeName ?? "") ?? 0)),
    readyForLess(nowMs),
    by((pod) => -restartsOf(pod).containers),
    by((pod) => -restartsOf(pod).sidecars),
    youngest(nowMs),
  ];
  return sorted(pods, [...comparisons, byUid]);
}

/**
 * The order in which Jobs give pods up (controller_utils.go, ActivePods): as above, but neither costs nor nodes count, and of
 * two pods the younger one goes, however little younger it is.
 */
export function inJobDeletionOrder(pods: readonly Pod[]): Pod[] {
  return sorted(pods, [
    by((pod) => (pod.spec.nodeName ? 1 : 0)),
    by((pod) => PHASE_ORDER[pod.status?.phase ?? ""] ?? 0),
    by((pod) => (isReady(pod) ? 1 : 0)),
    by((pod) => -(readySinceMs(pod) ?? 0)),
    by((pod) => -restartsOf(pod).containers),
    by((pod) => -restartsOf(pod).sidecars),
    by((pod) => -createdMs(pod)),
  ]);
}

function sorted(pods: readonly Pod[], comparisons: readonly Comparison[]): Pod[] {
  return [...pods].sort((a, b) => {
    for (const compare of comparisons) {
      const difference = compare(a, b);
      if (difference !== 0) return difference;
    }
    return 0;
  });
}

const createdMs = (pod: Pod): number => Date.parse(pod.metadata.creationTimestamp ?? "");

function deletionCost(pod: Pod): number {
  const cost = Number(pod.metadata.annotations?.[DELETION_COST] ?? 0);
  return Number.isInteger(cost) ? cost : 0;
}

const byUid: Comparison = (a, b) => (a.metadata.uid < b.metadata.uid ? -1 : 1);

/**
 * Times are compared by their magnitude only, and equal magnitudes go by uid, that is by chance: else the same node's pods
 * would always be the youngest (KEP-2185).
 */
function byAge(a: Pod, b: Pod, sinceMs: (pod: Pod) => number, nowMs: number): number {
  const [first, second] = [sinceMs(a), sinceMs(b)];
  if (first === second) return 0;
  return magnitude(nowMs - first) - magnitude(nowMs - second) || byUid(a, b);
}

/** Of nanoseconds, as upstream counts. */
const magnitude = (ageMs: number): number => (ageMs > 0 ? Math.floor(Math.log2(ageMs * 1e6)) : -1);

const readyForLess =
  (nowMs: number): Comparison =>
  (a, b) =>
    isReady(a) && isReady(b) ? byAge(a, b, (pod) => readySinceMs(pod)!, nowMs) : 0;

const youngest =
  (nowMs: number): Comparison =>
  (a, b) =>
    byAge(a, b, createdMs, nowMs);
