import { invalidArgument } from "../../../base/index.ts";
import { type CronSchedule, parseCronSchedule } from "../../../formats/index.ts";
import type { CronJob } from "../../api/index.ts";
import { timeMs } from "../../api/index.ts";

/** More times than this are told to be too many. */
const MANY = 100;
/** Clocks may differ a little: the next look is so much after the time itself. */
const AFTER_MS = 100;

/** A zone in the schedule itself wins. Throws InvalidArgument. */
export function scheduleOf({ spec: { schedule, timeZone } }: CronJob): CronSchedule {
  return parseCronSchedule(schedule, schedule.includes("TZ") ? undefined : timeZone);
}

/** Times of a schedule that have passed without a Job; all in milliseconds since the epoch. */
export interface MissedTimes {
  /** From when on times count. */
  sinceMs: number;
  /** The last of them, where it could be told. */
  lastMs: number | undefined;
  missed: "none" | "few" | "many";
}

/**
 * The times since the last one that a Job was made for, or since the CronJob was made; `fromMs` cuts off those before it. How
 * many there are is an estimate (mostRecentScheduleTime). Throws InvalidArgument for a schedule that names no times.
 */
export function missedTimes(
  cronJob: CronJob,
  schedule: CronSchedule,
  nowMs: number,
  fromMs = 0,
): MissedTimes {
  const { lastScheduleTime } = cronJob.status ?? {};
  const knownMs = timeMs(lastScheduleTime ?? cronJob.metadata.creationTimestamp);
  const sinceMs = Math.max(knownMs, fromMs);
  const first = schedule.next(sinceMs);
  const second = first === undefined ? undefined : schedule.next(first);
  if (first !== undefined && nowMs < first) return { sinceMs, lastMs: undefined, missed: "none" };
  if (first !== undefined && second !== undefined && nowMs < second)
    return { sinceMs, lastMs: first, missed: "none" };
  const stepSeconds = Math.round(((second ?? 0) - (first ?? 0)) / 1000);
  if (first === undefined || stepSeconds < 1)
    throw invalidArgument("time difference between two schedules is less than 1 second");
  const count = Math.floor(Math.floor((nowMs - first) / 1000) / stepSeconds) + 1;
  // One step back, for steps may differ: the schedule itself finds the last one.
  const lastMs = lastBefore(schedule, first + (count - 2) * stepSeconds * 1000, nowMs);
  return { sinceMs, lastMs, missed: count > MANY ? "many" : "few" };
}

function lastBefore(schedule: CronSchedule, fromMs: number, nowMs: number): number | undefined {
  let last: number | undefined;
  for (let next = schedule.next(fromMs); next !== undefined && next <= nowMs; next = schedule.next(next))
    last = next;
  return last;
}

/** From when on a Job may still be started, where the CronJob says for how long that is so. */
export function deadlineStartMs({ spec }: CronJob, nowMs: number): number | undefined {
  const seconds = spec.startingDeadlineSeconds;
  return seconds === undefined ? undefined : nowMs - seconds * 1000;
}

/** How long until the next time (nextScheduleTimeDuration); undefined where there is none. */
export function nextInMs(cronJob: CronJob, schedule: CronSchedule, nowMs: number): number | undefined {
  const next = schedule.next(lastOrNow(cronJob, schedule, nowMs));
  return next === undefined ? undefined : next + AFTER_MS - nowMs;
}

function lastOrNow(cronJob: CronJob, schedule: CronSchedule, nowMs: number): number {
  try {
    const { sinceMs, lastMs, missed } = missedTimes(cronJob, schedule, nowMs);
    return lastMs ?? (missed === "none" ? sinceMs : nowMs);
  } catch {
    return nowMs;
  }
}
