import type { KubeObject } from "../../api/types.ts";

/** An absolute number or a percentage of `total`, rounded as told (apimachinery intstr). */
export function resolveIntOrPercent(value: number | string | undefined, total: number, roundUp: boolean): number {
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
export function boundsOf(deployment: KubeObject): Bounds {
  const strategy = deployment.spec.strategy ?? {};
  const replicas: number = deployment.spec.replicas ?? 1;
  if (strategy.type === "Recreate") return { maxSurge: 0, maxUnavailable: replicas };
  const maxSurge = resolveIntOrPercent(strategy.rollingUpdate?.maxSurge, replicas, true);
  let maxUnavailable = resolveIntOrPercent(strategy.rollingUpdate?.maxUnavailable, replicas, false);
  if (maxSurge === 0 && maxUnavailable === 0) maxUnavailable = 1;
  return { maxSurge, maxUnavailable: Math.min(maxUnavailable, replicas) };
}

const wanted = (replicaSet: KubeObject): number => replicaSet.spec.replicas ?? 1;
const available = (replicaSet: KubeObject): number => replicaSet.status?.availableReplicas ?? 0;
const sum = (sets: readonly KubeObject[], of: (set: KubeObject) => number) => sets.reduce((total, set) => total + of(set), 0);

/** A ReplicaSet and the size that it shall get next. */
export interface ScaleDecision {
  replicaSet: KubeObject;
  replicas: number;
}

/** How large the new ReplicaSet may become now (deployment_util.go, NewRSNewReplicas). */
export function newReplicaSetSize(deployment: KubeObject, newSet: KubeObject, all: readonly KubeObject[]): number {
  const replicas: number = deployment.spec.replicas ?? 1;
  if (deployment.spec.strategy?.type === "Recreate") return replicas;
  const room = replicas + boundsOf(deployment).maxSurge - sum(all, wanted);
  if (room <= 0) return wanted(newSet);
  return wanted(newSet) + Math.min(room, replicas - wanted(newSet));
}

/**
 * Which old ReplicaSets shrink now: first replicas that are not available anyway, then as many healthy ones as the
 * rolling update's minimum allows (rolling.go, reconcileOldReplicaSets).
 */
export function shrinkOldReplicaSets(deployment: KubeObject, newSet: KubeObject, old: readonly KubeObject[]): ScaleDecision[] {
  const all = [newSet, ...old];
  const minAvailable = (deployment.spec.replicas ?? 1) - boundsOf(deployment).maxUnavailable;
  const newUnavailable = wanted(newSet) - available(newSet);
  let budget = sum(all, wanted) - minAvailable - newUnavailable;
  if (budget <= 0) return [];
  const sizes = new Map(old.map((set) => [set, wanted(set)]));
  const oldestFirst = [...old].sort(byCreation);
  for (const set of oldestFirst) {
    const unhealthy = Math.max(0, sizes.get(set)! - available(set));
    const cut = Math.min(unhealthy, budget);
    sizes.set(set, sizes.get(set)! - cut);
    budget -= cut;
  }
  let spare = sum(all, available) - minAvailable;
  for (const set of oldestFirst) {
    const cut = Math.max(0, Math.min(sizes.get(set)!, spare));
    sizes.set(set, sizes.get(set)! - cut);
    spare -= cut;
  }
  return old.filter((set) => sizes.get(set) !== wanted(set)).map((set) => ({ replicaSet: set, replicas: sizes.get(set)! }));
}

/** Oldest first; ties by name. */
export function byCreation(a: KubeObject, b: KubeObject): number {
  const difference = Date.parse(a.metadata.creationTimestamp ?? "") - Date.parse(b.metadata.creationTimestamp ?? "");
  return difference !== 0 ? difference : a.metadata.name < b.metadata.name ? -1 : 1;
}

const MAX_REPLICAS = "deployment.kubernetes.io/max-replicas";

/**
 * Spreads a change of the Deployment's size over several active ReplicaSets in proportion to their sizes, so that a
 * scaling in the midst of a rollout keeps the rollout's balance (sync.go, scale).
 */
export function proportionalSizes(deployment: KubeObject, active: readonly KubeObject[]): ScaleDecision[] {
  const replicas: number = deployment.spec.replicas ?? 1;
  const allowed = replicas > 0 ? replicas + boundsOf(deployment).maxSurge : 0;
  const total = sum(active, wanted);
  let left = allowed - total;
  const growing = left > 0;
  const ordered = [...active].sort((a, b) => wanted(b) - wanted(a) || (growing ? byCreation(b, a) : byCreation(a, b)));
  const decisions = ordered.map((replicaSet) => ({ replicaSet, replicas: wanted(replicaSet) }));
  for (const decision of decisions) {
    if (left === 0 || decision.replicas === 0) continue;
    const before = Number(decision.replicaSet.metadata.annotations?.[MAX_REPLICAS]) || replicas;
    const share = Math.round((decision.replicas * allowed) / before) - decision.replicas;
    const part = growing ? Math.min(Math.max(share, 0), left) : Math.max(Math.min(share, 0), left);
    decision.replicas += part;
    left -= part;
  }
  if (decisions.length > 0 && left !== 0) decisions[0]!.replicas = Math.max(0, decisions[0]!.replicas + left);
  return decisions;
}
