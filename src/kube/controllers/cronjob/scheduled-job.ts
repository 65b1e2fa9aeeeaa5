import { WallClock } from "../../../formats/index.ts";
import type { CronJob, Job } from "../../api/index.ts";
import type { NewObject } from "../../client/index.ts";
import { controllerReference } from "../owner.ts";

const SCHEDULED_AT = "batch.kubernetes.io/cronjob-scheduled-timestamp";
const MINUTE_MS = 60_000;

/** By its time in minutes, so that no Job is made twice for one time. */
export function jobNameOf({ metadata }: CronJob, scheduledMs: number): string {
  return `${metadata.name}-${Math.floor(scheduledMs / MINUTE_MS)}`;
}

/** The Job of a scheduled time. */
export function scheduledJob(cronJob: CronJob, scheduledMs: number): NewObject<Job> {
  const { metadata = {}, spec } = cronJob.spec.jobTemplate;
  return {
    metadata: {
      name: jobNameOf(cronJob, scheduledMs),
      namespace: cronJob.metadata.namespace!,
      labels: { ...metadata.labels },
      annotations: { ...metadata.annotations, [SCHEDULED_AT]: inZone(scheduledMs, cronJob.spec.timeZone) },
      ownerReferences: [controllerReference(cronJob)],
    },
    spec,
  };
}

/** RFC 3339 with the zone's offset; in UTC where no zone is said. */
function inZone(ms: number, timeZone: string | undefined): string {
  const shownMs = new WallClock(timeZone || "UTC").shownAt(ms);
  return new Date(shownMs).toISOString().slice(0, -".000Z".length) + offsetText((shownMs - ms) / MINUTE_MS);
}

/** `+05:30`; `Z` where there is none. */
function offsetText(minutes: number): string {
  if (minutes === 0) return "Z";
  const two = (number: number) => String(Math.floor(number)).padStart(2, "0");
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${two(size / 60)}:${two(size % 60)}`;
}
