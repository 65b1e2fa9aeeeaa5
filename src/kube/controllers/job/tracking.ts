import type { Pod } from "../../api/index.ts";
import { completionIndexOf, hasLimitPerIndex, isIndexed, validIndexOf } from "./completion-index.ts";
import type { JobEnd } from "./end-of-job.ts";
import { hasSucceeded, type ObservedJob } from "./observed-job.ts";
import { hasFailed, isCounted, judgeFailure } from "./pod-failure.ts";
import { countUncounted, type StatusDraft } from "./status-draft.ts";

/** The status holds at most so many uids, some 20 kB (upstream's MaxUncountedPods); the next pass goes on from there. */
const MAX_UNCOUNTED = 500;

/** What is to be done once the status is written. */
export interface Tracking {
  /** Their finalizer may go: the status knows of their end, or nobody needs to. */
  release: readonly Pod[];
  /** False where there were too many pods for one pass. */
  isWhole: boolean;
}

/**
 * Notes the pods that have ended in the status, an index by its number and others by their uid. A uid moves into a count only
 * when the pod has lost its finalizer (`settleUncounted`): whoever is stopped in between finds each pod in one place and one
 * place only.
 */
export function trackPods(observed: ObservedJob, draft: StatusDraft, end: JobEnd | undefined): Tracking {
  const { job, tracked, indexes } = observed;
  const known = { ...draft.uncountedTerminatedPods };
  const before = { succeeded: new Set(known.succeeded), failed: new Set(known.failed) };
  settleUncounted(draft, new Set(tracked.map(({ metadata }) => metadata.uid)));
  const uncounted = draft.uncountedTerminatedPods;
  const release: Pod[] = [];
  let completed = 0;
  let isWhole = true;
  for (const pod of tracked) {
    if (!mayGo(observed, pod, end)) continue;
    release.push(pod);
    const { uid } = pod.metadata;
    if (hasSucceeded(pod) && !before.failed.has(uid)) {
      if (indexes === undefined) {
        if (!before.succeeded.has(uid)) uncounted.succeeded.push(uid);
      } else if (isNew(pod, observed)) completed++;
    } else if (countsAsFailed(observed, pod, end) && !before.failed.has(uid)) uncounted.failed.push(uid);
    isWhole = completed + countUncounted(uncounted) < MAX_UNCOUNTED;
    if (!isWhole) break;
  }
  if (isIndexed(job)) noteIndexes(observed, draft);
  return { release, isWhole };
}

const isNew = (pod: Pod, { job, indexes }: ObservedJob): boolean => {
  const index = validIndexOf(pod, job);
  return index !== undefined && !indexes!.known.has(index);
};

/** The pod has ended or the Job has, and no pod is still to take over from it how often its index has failed. */
function mayGo({ job, indexes }: ObservedJob, pod: Pod, end: JobEnd | undefined): boolean {
  if (job.metadata.deletionTimestamp !== undefined || end !== undefined || hasSucceeded(pod)) return true;
  if (!hasFailed(pod, job)) return false;
  const index = completionIndexOf(pod);
  if (!hasLimitPerIndex(job) || index === undefined) return true;
  return indexes?.awaitingReplacement.get(index)?.metadata.uid !== pod.metadata.uid;
}

/** Of a Job that has failed every pod counts that has not ended. */
function countsAsFailed({ job }: ObservedJob, pod: Pod, end: JobEnd | undefined): boolean {
  if (!hasFailed(pod, job) && end?.outcome !== "Failed") return false;
  if (isIndexed(job) && validIndexOf(pod, job) === undefined) return false;
  return isCounted(judgeFailure(job.spec.podFailurePolicy, pod));
}

function noteIndexes({ indexes }: ObservedJob, draft: StatusDraft): void {
  const { succeeded, failed } = indexes!;
  draft.succeeded = succeeded.size;
  draft.completedIndexes = succeeded.toString();
  if (failed === undefined) delete draft.failedIndexes;
  else draft.failedIndexes = failed.toString();
}

/** Counts the pods of the status that have no finalizer any more. */
export function settleUncounted(draft: StatusDraft, tracked: ReadonlySet<string>): void {
  const uncounted = draft.uncountedTerminatedPods;
  for (const list of ["succeeded", "failed"] as const) {
    const left = uncounted[list].filter((uid) => tracked.has(uid));
    draft[list] += uncounted[list].length - left.length;
    uncounted[list] = left;
  }
}
