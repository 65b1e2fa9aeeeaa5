import type { Job, Pod } from "../../api/index.ts";
import { isPodTerminal } from "../../api/index.ts";
import { isActive } from "../pod-state.ts";
import {
  completionIndexOf,
  failureCountsOf,
  hasLimitPerIndex,
  isIndexed,
  priorFailuresOf,
  validIndexOf,
} from "./completion-index.ts";
import { finishTimeMs } from "./finish-time.ts";
import { IndexSet } from "./index-set.ts";
import { hasFailed, isCounted, judgeFailure } from "./pod-failure.ts";
import { isTracked } from "./tracking-finalizer.ts";

/** A Job and its pods, as they stand. */
export interface ObservedJob {
  job: Job;
  /** All its pods; those of an indexed Job in the order of their indexes. */
  pods: readonly Pod[];
  /** Neither ended nor on their way out. */
  active: readonly Pod[];
  /** On their way out. */
  terminating: readonly Pod[];
  /** Whose end may still have to be counted: the Job's finalizer is on them. */
  tracked: readonly Pod[];
  /** Those of the tracked that have ended and are not in the status yet. */
  newlySucceeded: readonly Pod[];
  newlyFailed: readonly Pod[];
  /** Pods that succeeded and that failed, counted in the status or not. */
  succeeded: number;
  failed: number;
  /** Of an indexed Job. */
  indexes: ObservedIndexes | undefined;
}

export interface ObservedIndexes {
  /** What the status says. */
  known: IndexSet;
  succeeded: IndexSet;
  /** Where each index has a limit of its own. */
  failed: IndexSet | undefined;
  /** Failed pods that are kept until the pod that replaces them is made, for it takes over how often its index failed. */
  awaitingReplacement: ReadonlyMap<number, Pod>;
}

/** `isReleased` says of a pod (by uid) that its finalizer was taken off, even if the pod does not show that yet. */
export function observeJob(
  job: Job,
  known: readonly Pod[],
  isReleased: (uid: string) => boolean,
): ObservedJob {
  const pods = isIndexed(job) ? [...known].sort(byIndex) : known;
  const tracked = pods.filter((pod) => isTracked(pod) && !isReleased(pod.metadata.uid));
  const { uncountedTerminatedPods: uncounted, succeeded = 0, failed = 0 } = job.status ?? {};
  const valid = isIndexed(job) ? tracked.filter((pod) => validIndexOf(pod, job) !== undefined) : tracked;
  const notIn = (uids: readonly string[] = []) => {
    const set = new Set(uids);
    return valid.filter(({ metadata }) => !set.has(metadata.uid));
  };
  const newlySucceeded = notIn(uncounted?.succeeded).filter(hasSucceeded);
  const newlyFailed = notIn(uncounted?.failed).filter((pod) => hasFailed(pod, job));
  const counted = newlyFailed.filter((pod) => isCounted(judgeFailure(job.spec.podFailurePolicy, pod)));
  const active = pods.filter(isActive);
  const indexes = isIndexed(job) ? observeIndexes(job, pods, { active, valid }) : undefined;
  return {
    job,
    pods,
    active,
    terminating: pods.filter((pod) => pod.metadata.deletionTimestamp !== undefined && !isPodTerminal(pod)),
    tracked,
    newlySucceeded,
    newlyFailed,
    succeeded: indexes?.succeeded.size ?? succeeded + newlySucceeded.length + lengthOf(uncounted?.succeeded),
    failed: failed + counted.length + lengthOf(uncounted?.failed),
    indexes,
  };
}

export const hasSucceeded = ({ status }: Pod): boolean => status?.phase === "Succeeded";

const lengthOf = (list: readonly unknown[] | undefined): number => list?.length ?? 0;

const byIndex = (a: Pod, b: Pod): number => (completionIndexOf(a) ?? -1) - (completionIndexOf(b) ?? -1);

function observeIndexes(
  job: Job,
  pods: readonly Pod[],
  { active, valid }: { active: readonly Pod[]; valid: readonly Pod[] },
): ObservedIndexes {
  const { completions = 0 } = job.spec;
  const { completedIndexes = "", failedIndexes = "" } = job.status ?? {};
  const held = pods.filter((pod) => isTracked(pod) && validIndexOf(pod, job) !== undefined);
  const known = IndexSet.parse(completedIndexes, completions);
  const succeeded = known.union(indexesOf(held.filter(hasSucceeded)));
  if (!hasLimitPerIndex(job)) return { known, succeeded, failed: undefined, awaitingReplacement: new Map() };
  const failed = IndexSet.parse(failedIndexes, completions).union(
    indexesOf(held.filter((pod) => failsItsIndex(pod, job))),
  );
  const settled = succeeded.union(failed).union(indexesOf(active));
  const open = valid.filter((pod) => hasFailed(pod, job) && !settled.has(completionIndexOf(pod)!));
  return { known, succeeded, failed, awaitingReplacement: lastOfEachIndex(open) };
}

/** The indexes of these pods, also those that the Job does not have. */
export function indexesOf(pods: readonly Pod[]): IndexSet {
  return IndexSet.of(pods.map(completionIndexOf).filter((index) => index !== undefined));
}

/** Nothing more is made of the pod's index. */
function failsItsIndex(pod: Pod, job: Job): boolean {
  if (!hasFailed(pod, job)) return false;
  const verdict = judgeFailure(job.spec.podFailurePolicy, pod);
  if (verdict.action === "FailIndex") return true;
  return isCounted(verdict) && failureCountsOf(pod).counted >= job.spec.backoffLimitPerIndex!;
}

function lastOfEachIndex(pods: readonly Pod[]): Map<number, Pod> {
  const last = new Map<number, Pod>();
  for (const pod of pods) {
    const index = completionIndexOf(pod)!;
    const other = last.get(index);
    if (other === undefined || isAfter(pod, other)) last.set(index, pod);
  }
  return last;
}

const isAfter = (pod: Pod, other: Pod): boolean =>
  priorFailuresOf(pod) >= priorFailuresOf(other) && finishTimeMs(pod) >= finishTimeMs(other);
