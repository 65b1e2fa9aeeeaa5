import type { Job, JobCondition } from "../api/index.ts";

/** The condition by which a Job is over, either Complete or Failed (pkg/controller/job/util). */
export function finishedConditionOf({ status }: Job): JobCondition | undefined {
  return status?.conditions?.find(
    ({ type, status }) => (type === "Complete" || type === "Failed") && status === "True",
  );
}

export function isFinished(job: Job): boolean {
  return finishedConditionOf(job) !== undefined;
}

/** Another controller than the job controller looks after it. */
export function isManagedElsewhere({ spec: { managedBy } }: Job): boolean {
  return managedBy !== undefined && managedBy !== "kubernetes.io/job-controller";
}
