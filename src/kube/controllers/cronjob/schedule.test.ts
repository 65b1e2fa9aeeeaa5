import { describe, expect, it } from "vitest";
import type { CronJob } from "../../api/index.ts";
import { deadlineStartMs, missedTimes, nextInMs, scheduleOf } from "./schedule.ts";
import { scheduledJob } from "./scheduled-job.ts";

const ms = (text: string) => Date.parse(`2024-05-${text}Z`);
const at = (time: number | undefined) =>
  time === undefined
    ? undefined
    : new Date(time).toISOString().slice("2024-05-".length, "2024-05-01T10:00:00".length);

const cronJobOf = (schedule: string, spec: object = {}, status: object = {}) =>
  ({
    metadata: { name: "c", namespace: "n", uid: "u", creationTimestamp: "2024-05-01T10:00:00Z" },
    spec: { schedule, timeZone: "UTC", jobTemplate: { spec: {} }, ...spec },
    status,
  }) as unknown as CronJob;

describe("times that were missed", () => {
  it.each([
    // Nothing is due yet.
    ["0 * * * *", {}, {}, "01T10:59:59", undefined, "none"],
    ["0 * * * *", {}, {}, "01T11:00:00", "01T11:00:00", "none"],
    ["0 * * * *", {}, {}, "01T11:59:59", "01T11:00:00", "none"],
    ["0 * * * *", {}, {}, "01T12:00:00", "01T12:00:00", "few"],
    ["0 * * * *", {}, {}, "03T15:30:00", "03T15:00:00", "few"],
    ["0 * * * *", {}, {}, "07T15:30:00", "07T15:00:00", "many"],
    // Counted from the last one that was met.
    ["0 * * * *", {}, { lastScheduleTime: "2024-05-07T15:00:00Z" }, "07T15:30:00", undefined, "none"],
    // Or from when on one may still be started.
    ["0 * * * *", { startingDeadlineSeconds: 3600 }, {}, "07T15:30:00", "07T15:00:00", "none"],
    ["0 * * * *", { startingDeadlineSeconds: 60 }, {}, "07T15:30:00", undefined, "none"],
    // Steps that differ: over the week's end the estimate comes out too late, and none is found (as upstream's).
    ["30 6-16/4 * * 1-5", {}, {}, "06T05:00:00", undefined, "few"],
    ["30 6-16/4 * * 1-5", {}, {}, "06T11:00:00", "06T10:30:00", "few"],
    // By intervals the times follow the one before.
    ["@every 1h", {}, { lastScheduleTime: "2024-05-01T10:20:00Z" }, "01T13:00:00", "01T12:20:00", "few"],
    ["0 3 * * *", { timeZone: "Asia/Tokyo" }, {}, "02T00:00:00", "01T18:00:00", "none"],
  ])("by %s, %j, %j at %s: %s (%s)", (schedule, spec, status, now, last, missed) => {
    const cronJob = cronJobOf(schedule, spec, status);
    const nowMs = ms(now);
    const found = missedTimes(cronJob, scheduleOf(cronJob), nowMs, deadlineStartMs(cronJob, nowMs));
    expect([at(found.lastMs), found.missed]).toEqual([last, missed]);
  });

  it("cannot be told of a schedule that names no time", () => {
    const cronJob = cronJobOf("59 23 31 2 *");
    expect(() => missedTimes(cronJob, scheduleOf(cronJob), ms("02T00:00:00"))).toThrow(
      "time difference between two schedules is less than 1 second",
    );
    expect(nextInMs(cronJob, scheduleOf(cronJob), ms("02T00:00:00"))).toBeUndefined();
  });
});

describe("the next look", () => {
  it.each([
    ["0 * * * *", "01T10:59:00", 60_100],
    ["0 * * * *", "01T11:00:00.5", 3_599_600],
    ["0 * * * *", "07T15:30:00", 1_800_100],
    ["@every 1h", "01T10:10:00", 3_000_100],
  ])("by %s at %s is in %d ms", (schedule, now, expected) => {
    const cronJob = cronJobOf(schedule);
    expect(nextInMs(cronJob, scheduleOf(cronJob), ms(now))).toBe(expected);
  });
});

describe("the Job of a time", () => {
  it.each([
    [undefined, "2024-05-01T22:30:00Z"],
    ["Europe/Paris", "2024-05-02T00:30:00+02:00"],
    ["America/St_Johns", "2024-05-01T20:00:00-02:30"],
    ["Africa/Abidjan", "2024-05-01T22:30:00Z"],
  ])("is named by it, and tells it in the zone %s", (timeZone, expected) => {
    const jobTemplate = {
      metadata: { labels: { a: "b" }, annotations: { c: "d" }, finalizers: ["example.com/x"] },
      spec: { completions: 2 },
    };
    const made = scheduledJob(cronJobOf("0 * * * *", { timeZone, jobTemplate }), ms("01T22:30:00"));
    expect(made).toEqual({
      metadata: {
        name: `c-${Date.UTC(2024, 4, 1, 22, 30) / 60_000}`,
        namespace: "n",
        labels: { a: "b" },
        annotations: { c: "d", "batch.kubernetes.io/cronjob-scheduled-timestamp": expected },
        ownerReferences: [expect.objectContaining({ name: "c", uid: "u", controller: true })],
      },
      spec: { completions: 2 },
    });
  });
});
