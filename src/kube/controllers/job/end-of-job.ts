import { timeMs } from "../../api/index.ts";
import { type Reason, trueCondition } from "./conditions.ts";
import type { ObservedJob } from "./observed-job.ts";
import { hasFailed, judgeFailure } from "./pod-failure.ts";
import { successPolicyMet } from "./success-policy.ts";

/** How a Job ends: no more pods are made, those that run are deleted, and once all is counted it is over. */
export interface JobEnd extends Reason {
  outcome: "Complete" | "Failed";
}

/** Why the Job is to end whatever its pods do, in the order in which upstream asks. */
export function endOfJob(
  observed: ObservedJob,
  startTime: string | undefined,
  nowMs: number,
): JobEnd | undefined {
  return (
    decidedBefore(observed) ??
    failedByPolicy(observed) ??
    pastLimits(observed, startTime, nowMs) ??
    failedByIndexes(observed) ??
    succeededByPolicy(observed)
  );
}

/** What the status has said already stays. */
function decidedBefore({ job: { status } }: ObservedJob): JobEnd | undefined {
  const met = trueCondition(status?.conditions, "SuccessCriteriaMet");
  if (met) return { outcome: "Complete", reason: met.reason ?? "", message: met.message ?? "" };
  const target = trueCondition(status?.conditions, "FailureTarget");
  return target && failed(target.reason ?? "", target.message ?? "");
}

const failed = (reason: string, message: string): JobEnd => ({ outcome: "Failed", reason, message });

function failedByPolicy({ job, pods }: ObservedJob): JobEnd | undefined {
  const policy = job.spec.podFailurePolicy;
  if (policy === undefined) return undefined;
  for (const pod of pods) {
    const { message } = hasFailed(pod, job) ? judgeFailure(policy, pod) : {};
    if (message !== undefined) return failed("PodFailurePolicy", message);
  }
  return undefined;
}

function pastLimits(observed: ObservedJob, startTime: string | undefined, nowMs: number): JobEnd | undefined {
  const { backoffLimit = 0 } = observed.job.spec;
  if (observed.failed > backoffLimit || restartsPastLimit(observed))
    return failed("BackoffLimitExceeded", "Job has reached the specified backoff limit");
  if (deadlineInMs(observed, startTime, nowMs) === 0)
    return failed("DeadlineExceeded", "Job was active longer than specified deadline");
  return undefined;
}

/** Where containers are restarted in place, their restarts count as failures. */
function restartsPastLimit({ job, pods }: ObservedJob): boolean {
  const { backoffLimit = 0, template } = job.spec;
  if (template.spec?.restartPolicy !== "OnFailure") return false;
  const restarts = pods
    .filter(({ status }) => status?.phase === "Running" || status?.phase === "Pending")
    .flatMap(({ status }) => [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])])
    .reduce((sum, { restartCount }) => sum + restartCount, 0);
  return backoffLimit === 0 ? restarts > 0 : restarts >= backoffLimit;
}

/** How long the Job may still be active; undefined where nothing limits that. */
export function deadlineInMs(
  { job: { spec } }: ObservedJob,
  startTime: string | undefined,
  nowMs: number,
): number | undefined {
  const { activeDeadlineSeconds, suspend } = spec;
  if (activeDeadlineSeconds === undefined || startTime === undefined || suspend) return undefined;
  return Math.max(0, timeMs(startTime) + Number(activeDeadlineSeconds) * 1000 - nowMs);
}

function failedByIndexes({ job, indexes }: ObservedJob): JobEnd | undefined {
  const { maxFailedIndexes, completions = 0 } = job.spec;
  const failures = indexes?.failed?.size ?? 0;
  if (maxFailedIndexes !== undefined && failures > maxFailedIndexes)
    return failed(
      "MaxFailedIndexesExceeded",
      "Job has exceeded the specified maximal number of failed indexes",
    );
  if (failures > 0 && failures + indexes!.succeeded.size >= completions)
    return failed("FailedIndexes", "Job has failed indexes");
  return undefined;
}

function succeededByPolicy({ job, indexes }: ObservedJob): JobEnd | undefined {
  const { successPolicy, completions = 0 } = job.spec;
  if (indexes === undefined || successPolicy === undefined) return undefined;
  const rule = successPolicyMet(successPolicy, completions, indexes.succeeded);
  if (rule === undefined) return undefined;
  return { outcome: "Complete", reason: "SuccessPolicy", message: `Matched rules at index ${rule}` };
}

/** Whether enough pods have succeeded and none runs any more. */
export function isComplete({ job, succeeded }: ObservedJob, active: number): boolean {
  const { completions } = job.spec;
  return active === 0 && (completions === undefined ? succeeded > 0 : succeeded >= completions);
}

export const COMPLETIONS_REACHED: JobEnd = {
  outcome: "Complete",
  reason: "CompletionsReached",
  message: "Reached expected number of succeeded pods",
};
