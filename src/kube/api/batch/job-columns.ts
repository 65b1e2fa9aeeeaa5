import type { Job } from "../generated/types.ts";
import { humanDuration } from "../meta/age.ts";
import { timeMs } from "../meta/time.ts";

/** The first condition of a type says it. */
export function hasJobCondition({ status }: Job, type: string): boolean {
  return status?.conditions?.find((one) => one.type === type)?.status === "True";
}

export function statusText(job: Job): string {
  if (hasJobCondition(job, "Complete")) return "Complete";
  if (hasJobCondition(job, "Failed")) return "Failed";
  if (job.metadata.deletionTimestamp) return "Terminating";
  if (hasJobCondition(job, "Suspended")) return "Suspended";
  return hasJobCondition(job, "FailureTarget") ? "FailureTarget" : "Running";
}

export function completionsText({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0;
  if (spec.completions !== undefined) return `${succeeded}/${spec.completions}`;
  const parallelism = spec.parallelism ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

export function durationText({ status }: Job, nowMs: number): string {
  if (!status?.startTime) return "";
  const end = status.completionTime ? timeMs(status.completionTime) : nowMs;
  return humanDuration(end - timeMs(status.startTime));
}
