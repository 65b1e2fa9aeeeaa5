import type { BackoffOptions } from "../../../base/index.ts";
import type { Job, Pod } from "../../api/index.ts";
import { inJobDeletionOrder } from "../deletion-order.ts";
import type { PodPlan } from "../pod-writer.ts";
import { type Failures, remainingMs, remainingOfIndexMs } from "./backoff.ts";
import { hasLimitPerIndex, validIndexOf } from "./completion-index.ts";
import { indexesOf, type ObservedIndexes, type ObservedJob } from "./observed-job.ts";
import { replacesFailedOnly } from "./pod-failure.ts";
import { indexedPodPlan, podPlan } from "./pod-plan.ts";
import { isTracked } from "./tracking-finalizer.ts";

/** At most this many pods are made or deleted in one pass (upstream's MaxPodCreateDeletePerSync). */
const MAX_AT_ONCE = 500;

/** Pods to be deleted or made, never both; or how long to wait before pods are made. */
export type Scaling = { remove: readonly Pod[] } | { make: readonly PodPlan[] } | { waitMs: number };

/** What brings the number of active pods to the wanted one. */
export function planScaling(
  observed: ObservedJob,
  failures: Failures,
  nowMs: number,
  backoff: BackoffOptions,
): Scaling {
  const { job, active, terminating } = observed;
  if (job.spec.suspend) return { remove: podsToRemove(observed, active.length) };
  const wanted = wantedActive(observed);
  const surplus = podsToRemove(observed, Math.max(0, active.length - wanted));
  if (surplus.length > 0) return { remove: surplus.slice(0, MAX_AT_ONCE) };
  const leaving = replacesFailedOnly(job) ? terminating.length : 0;
  const missing = Math.min(wanted - leaving - active.length, MAX_AT_ONCE);
  if (missing <= 0) return { make: [] };
  const waitMs = hasLimitPerIndex(job) ? 0 : remainingMs(failures, nowMs, backoff);
  if (waitMs > 0) return { waitMs };
  if (observed.indexes === undefined) return { make: Array(missing).fill(podPlan(job)) };
  return planIndexes(observed, observed.indexes, missing, (pod) => remainingOfIndexMs(pod, nowMs, backoff));
}

/** Without a number of completions the first success is enough, and who runs then runs to the end. */
function wantedActive({ job: { spec }, active, succeeded }: ObservedJob): number {
  const { parallelism = 1, completions } = spec;
  if (completions === undefined) return succeeded > 0 ? active.length : parallelism;
  return Math.max(0, Math.min(completions - succeeded, parallelism));
}

function planIndexes(
  observed: ObservedJob,
  indexes: ObservedIndexes,
  count: number,
  waitOf: (replaced: Pod | undefined) => number,
): Scaling {
  const { job } = observed;
  const replacedAt = (index: number) => indexes.awaitingReplacement.get(index);
  const due: number[] = [];
  let waitMs = Number.POSITIVE_INFINITY;
  for (const index of openIndexes(observed, indexes, count)) {
    const ofIndexMs = hasLimitPerIndex(job) ? waitOf(replacedAt(index)) : 0;
    if (ofIndexMs === 0) due.push(index);
    else waitMs = Math.min(waitMs, ofIndexMs);
  }
  if (due.length === 0 && waitMs < Number.POSITIVE_INFINITY) return { waitMs };
  return { make: due.map((index) => indexedPodPlan(job, index, replacedAt(index))) };
}

/** The first indexes that have neither ended nor a pod. */
function openIndexes(
  { job, active, terminating }: ObservedJob,
  { succeeded, failed }: ObservedIndexes,
  count: number,
): number[] {
  let taken = succeeded.union(indexesOf(active));
  if (replacesFailedOnly(job)) taken = taken.union(indexesOf(terminating));
  if (failed !== undefined) taken = taken.union(failed);
  return taken.missing(count, job.spec.completions ?? 0);
}

/** At least `count` of the active pods, and all that an indexed Job cannot use. */
function podsToRemove({ job, active, indexes }: ObservedJob, count: number): Pod[] {
  const useless = new Set(indexes === undefined ? [] : withoutUse(job, active));
  const others = active.filter((pod) => !useless.has(pod));
  return [...useless, ...removalOrder(others).slice(0, Math.max(0, count - useless.size))];
}

/** What nobody counts once it ends goes first. */
const removalOrder = (pods: readonly Pod[]): Pod[] => {
  const inOrder = inJobDeletionOrder(pods);
  return [...inOrder.filter((pod) => !isTracked(pod)), ...inOrder.filter(isTracked)];
};

/** Pods without an index that the Job has, and all but one of those that share one. */
function withoutUse(job: Job, active: readonly Pod[]): Pod[] {
  const byIndex = Map.groupBy(active, (pod) => validIndexOf(pod, job));
  const none = byIndex.get(undefined) ?? [];
  byIndex.delete(undefined);
  const doubles = [...byIndex.values()].flatMap((pods) => inJobDeletionOrder(pods).slice(0, -1));
  return [...none, ...doubles];
}
