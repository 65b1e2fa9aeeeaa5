import type { Job, Pod } from "../../api/index.ts";

/** The annotation of a pod, and its label, that say which index of an indexed Job it works on. */
export const COMPLETION_INDEX = "batch.kubernetes.io/job-completion-index";
/** How often pods of the same index have failed before this one, and how often that did not count. */
export const FAILURE_COUNT = "batch.kubernetes.io/job-index-failure-count";
export const IGNORED_FAILURE_COUNT = "batch.kubernetes.io/job-index-ignored-failure-count";

const MAX_INT32 = 2 ** 31 - 1;

export const isIndexed = ({ spec }: Job): boolean => spec.completionMode === "Indexed";

export const hasLimitPerIndex = ({ spec }: Job): boolean => spec.backoffLimitPerIndex !== undefined;

/** The pod's index, whether the Job has so many or not. */
export function completionIndexOf({ metadata }: Pod): number | undefined {
  const text = metadata.annotations?.[COMPLETION_INDEX] ?? "";
  return /^\+?\d+$/.test(text) ? Number(text) : undefined;
}

/** The pod's index, where the Job has it. */
export function validIndexOf(pod: Pod, { spec }: Job): number | undefined {
  const index = completionIndexOf(pod);
  return index !== undefined && index < (spec.completions ?? 0) ? index : undefined;
}

/** Failures of the pod's index before it. Anybody may have written the annotations: nonsense is none. */
export function failureCountsOf({ metadata }: Pod): { counted: number; ignored: number } {
  const read = (key: string): number => {
    const text = metadata.annotations?.[key] ?? "";
    return /^\+?\d+$/.test(text) && Number(text) <= MAX_INT32 ? Number(text) : 0;
  };
  return { counted: read(FAILURE_COUNT), ignored: read(IGNORED_FAILURE_COUNT) };
}

/** All failures of the index before the pod. */
export function priorFailuresOf(pod: Pod): number {
  const { counted, ignored } = failureCountsOf(pod);
  return counted + ignored;
}
