import type { CronJob, Job } from "../../api/index.ts";
import { timeMs } from "../../api/index.ts";
import { finishedConditionOf } from "../job-state.ts";

/** Jobs that are over and more than the CronJob keeps, of those that succeeded and of those that failed; the oldest first. */
export function jobsBeyondHistory({ spec }: CronJob, jobs: readonly Job[]): Job[] {
  const beyond = (type: string, limit: number | undefined): Job[] => {
    const ended = jobs.filter((job) => finishedConditionOf(job)?.type === type);
    return limit === undefined ? [] : ended.sort(byStart).slice(0, Math.max(0, ended.length - limit));
  };
  return [
    ...beyond("Complete", spec.successfulJobsHistoryLimit),
    ...beyond("Failed", spec.failedJobsHistoryLimit),
  ];
}

/** What has not started counts as the youngest. */
function byStart(a: Job, b: Job): number {
  const [first, second] = [startOf(a), startOf(b)];
  if (first !== second) return first < second ? -1 : 1;
  return a.metadata.name < b.metadata.name ? -1 : 1;
}

const startOf = ({ status }: Job): number =>
  status?.startTime === undefined ? Number.POSITIVE_INFINITY : timeMs(status.startTime);
