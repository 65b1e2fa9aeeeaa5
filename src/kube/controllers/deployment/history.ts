import type { Deployment, ReplicaSet } from "../../api/index.ts";
import { revisionOf } from "./annotations.ts";
import { wanted } from "./rollout.ts";

const NO_LIMIT = 2 ** 31 - 1;

/** Old ReplicaSets beyond revisionHistoryLimit, the oldest revisions first; those that still have pods stay. */
export function surplusHistory(deployment: Deployment, old: readonly ReplicaSet[]): ReplicaSet[] {
  const limit: number = deployment.spec.revisionHistoryLimit ?? NO_LIMIT;
  if (limit >= NO_LIMIT) return [];
  const alive = old.filter((set) => set.metadata.deletionTimestamp === undefined);
  const oldestFirst = alive.sort((a, b) => Number(revisionOf(a) - revisionOf(b)));
  return oldestFirst.slice(0, Math.max(0, alive.length - limit)).filter(isIdle);
}

function isIdle(set: ReplicaSet): boolean {
  const isUpToDate = (set.metadata.generation ?? 0) <= (set.status?.observedGeneration ?? 0);
  return wanted(set) === 0 && (set.status?.replicas ?? 0) === 0 && isUpToDate;
}
