import type { JobCondition, JobStatus } from "../../api/index.ts";

/** A Job's status while it is worked out. */
export interface StatusDraft extends JobStatus {
  conditions: JobCondition[];
  active: number;
  succeeded: number;
  failed: number;
  uncountedTerminatedPods: Uncounted;
}

/** Uids of pods that have ended, stand in no count yet, and may still have their finalizer. */
export interface Uncounted {
  succeeded: string[];
  failed: string[];
}

export function draftOf(status: JobStatus = {}): StatusDraft {
  const {
    conditions = [],
    active = 0,
    succeeded = 0,
    failed = 0,
    uncountedTerminatedPods: uncounted,
  } = status;
  return {
    ...status,
    conditions: conditions.map((one) => ({ ...one })),
    active,
    succeeded,
    failed,
    uncountedTerminatedPods: {
      succeeded: [...(uncounted?.succeeded ?? [])],
      failed: [...(uncounted?.failed ?? [])],
    },
  };
}

/** As it is written: counts of zero and empty lists are left out. */
export function statusOf(draft: StatusDraft): JobStatus {
  const status: JobStatus = { ...draft, uncountedTerminatedPods: {} };
  const { succeeded, failed } = draft.uncountedTerminatedPods;
  if (succeeded.length > 0) status.uncountedTerminatedPods!.succeeded = succeeded;
  if (failed.length > 0) status.uncountedTerminatedPods!.failed = failed;
  for (const field of ["active", "succeeded", "failed"] as const) if (!status[field]) delete status[field];
  if (draft.conditions.length === 0) delete status.conditions;
  if (!status.completedIndexes) delete status.completedIndexes;
  return status;
}

export function countUncounted({ succeeded, failed }: Uncounted): number {
  return succeeded.length + failed.length;
}
