import type { Deployment, ReplicaSet } from "../../api/index.ts";

/** An absolute number or a percentage of `total`, rounded as told (apimachinery intstr). */
export function resolveIntOrPercent(
  value: number | string | undefined,
  total: number,
  roundUp: boolean,
): number {
  if (value === undefined) return 0;
  if (typeof value === "number") return value;
  const share = (Number.parseInt(value, 10) * total) / 100;
  return roundUp ? Math.ceil(share) : Math.floor(share);
}

export interface Bounds {
  maxSurge: number;
  maxUnavailable: number;
}

/** maxSurge rounds up, maxUnavailable down; both zero would never move, so then one may be unavailable. */
export function boundsOf(deployment: Deployment): Bounds {
  const strategy = deployment.spec.strategy ?? {};
  const replicas: number = deployment.spec.replicas ?? 1;
  if (strategy.type === "Recreate") return { maxSurge: 0, maxUnavailable: 0 };
  const maxSurge = resolveIntOrPercent(strategy.rollingUpdate?.maxSurge, replicas, true);
  let maxUnavailable = resolveIntOrPercent(strategy.rollingUpdate?.maxUnavailable, replicas, false);
  if (maxSurge === 0 && maxUnavailable === 0) maxUnavailable = 1;
  return { maxSurge, maxUnavailable: Math.min(maxUnavailable, replicas) };
}

/** A ReplicaSet, or the draft of one. */
type Sized = Pick<ReplicaSet, "spec">;

export const wanted = (replicaSet: Sized): number => replicaSet.spec.replicas ?? 1;
export const isActiveSet = (replicaSet: ReplicaSet): boolean => wanted(replicaSet) > 0;

/**
 * Pods to be counted on. The status may speak of a time before the last shrinking, when there were more than are wanted
 * now.
 */
const available = (replicaSet: ReplicaSet): number =>
  Math.min(wanted(replicaSet), replicaSet.status?.availableReplicas ?? 0);
const sum = <T extends Sized>(sets: readonly T[], of: (set: T) => number) =>
  sets.reduce((total, set) => total + of(set), 0);

/** A ReplicaSet and the size that it shall get next. */
export interface ScaleDecision {
  replicaSet: ReplicaSet;
  replicas: number;
}

/** How large the new ReplicaSet becomes now: never over maxSurge (deployment_util.go, NewRSNewReplicas). */
export function newReplicaSetSize(deployment: Deployment, newSet: Sized, all: readonly Sized[]): number {
  const replicas: number = deployment.spec.replicas ?? 1;
  if (deployment.spec.strategy?.type === "Recreate" || wanted(newSet) >= replicas) return replicas;
  const room = replicas + boundsOf(deployment).maxSurge - sum(all, wanted);
  return wanted(newSet) + Math.max(0, Math.min(room, replicas - wanted(newSet)));
}

/**
 * Which old ReplicaSets shrink now: first replicas that are not available anyway, then as many healthy ones as the
 * rolling update's minimum allows (rolling.go, reconcileOldReplicaSets).
 */
export function shrinkOldReplicaSets(
  deployment: Deployment,
  newSet: ReplicaSet,
  old: readonly ReplicaSet[],
): ScaleDecision[] {
  const all = [newSet, ...old];
  const minAvailable = (deployment.spec.replicas ?? 1) - boundsOf(deployment).maxUnavailable;
  const newUnavailable = wanted(newSet) - available(newSet);
  let budget = sum(all, wanted) - minAvailable - newUnavailable;
  if (budget <= 0) return [];
  const sizes = new Map(old.map((set) => [set, wanted(set)]));
  const oldestFirst = [...old].sort(byCreation);
  const cut = (set: ReplicaSet, most: number): number => {
    const amount = Math.max(0, Math.min(sizes.get(set)!, most, budget));
    sizes.set(set, sizes.get(set)! - amount);
    budget -= amount;
    return amount;
  };
  for (const set of oldestFirst) cut(set, wanted(set) - available(set));
  let spare = sum(all, available) - minAvailable;
  for (const set of oldestFirst) spare -= cut(set, spare);
  return old
    .filter((set) => sizes.get(set) !== wanted(set))
    .map((set) => ({ replicaSet: set, replicas: sizes.get(set)! }));
}

/** Oldest first; ties by name. */
export function byCreation(a: ReplicaSet, b: ReplicaSet): number {
  const difference =
    Date.parse(a.metadata.creationTimestamp ?? "") - Date.parse(b.metadata.creationTimestamp ?? "");
  return difference !== 0 ? difference : a.metadata.name < b.metadata.name ? -1 : 1;
}
