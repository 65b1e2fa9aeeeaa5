import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../../base/manual-clock.test-support.ts";
import type { CronJob, Job } from "../../api/index.ts";
import { cronJobs, events, jobs } from "../../api/index.ts";
import { ControlPlane, type Running } from "../testing/control-plane.ts";
import { reference, type Scenario } from "../testing/convergence.ts";
import { eventually } from "../testing/eventually.ts";
import { itConverges } from "../testing/fault-tests.ts";
import { finishJob } from "../testing/finish-job.ts";
import { cronJob, job } from "../testing/objects.ts";
import { createCronJobController } from "./index.ts";

const controllers = { "cronjob-controller": createCronJobController };
const MINUTE_MS = 60_000;

describe("a CronJob", () => {
  let plane: ControlPlane;
  let namespace: string;
  let clock: ManualClock;
  let running: Running;
  beforeAll(async () => {
    plane = await ControlPlane.start();
  });
  beforeEach(async () => {
    await running?.stop();
    namespace = await plane.namespace();
    // Half a minute after the next full one, so that no CronJob is older than the clock.
    clock = new ManualClock(Math.ceil(Date.now() / MINUTE_MS) * MINUTE_MS + MINUTE_MS / 2);
    running = await plane.run(controllers, { clock });
  });
  afterAll(() => plane.stop());

  const create = (schedule: string, spec: object = {}) =>
    plane.client.create(cronJobs, cronJob("c", namespace, schedule, spec));
  const get = (): Promise<CronJob> => plane.client.get(cronJobs, namespace, "c");
  const change = (spec: object) => plane.client.patch(cronJobs, namespace, "c", "merge", { spec });
  const made = async (): Promise<readonly Job[]> => (await plane.client.list(jobs, { namespace })).items;
  const names = async () => (await made()).map(({ metadata }) => metadata.name);
  /** Its Job of the full minute that was so many minutes ago. */
  const nameOf = (minutesAgo = 0) => `c-${Math.floor(clock.nowMs() / MINUTE_MS) - minutesAgo}`;
  const toNext = () => clock.advance(MINUTE_MS);
  const news = async () =>
    (await plane.client.list(events, { namespace })).items.map(
      ({ type, reason, message }) => `${type} ${reason}: ${message}`,
    );
  const settles = (check: () => Promise<void>) => eventually(check);
  /** Nothing more happens. */
  const stays = async (expected: string[]) => {
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect((await names()).sort()).toEqual(expected.sort());
  };

  it("starts a Job at each time, and knows those that run", async () => {
    const jobTemplate = { ...cronJob("", "", "").spec.jobTemplate, metadata: { labels: { a: "b" } } };
    const owner = await create("* * * * *", { jobTemplate });
    await settles(async () => expect(await names()).toEqual([nameOf()]));
    const [first] = await made();
    expect(first!.metadata.labels).toMatchObject({ a: "b" });
    expect(first!.metadata.ownerReferences).toEqual([
      {
        apiVersion: "batch/v1",
        kind: "CronJob",
        name: "c",
        uid: owner.metadata.uid,
        controller: true,
        blockOwnerDeletion: true,
      },
    ]);
    const { name, uid, resourceVersion } = first!.metadata;
    const minute = Math.floor(clock.nowMs() / MINUTE_MS) * MINUTE_MS;
    await settles(async () =>
      expect((await get()).status).toEqual({
        active: [{ kind: "Job", namespace, name, uid, apiVersion: "batch/v1", resourceVersion }],
        lastScheduleTime: new Date(minute).toISOString().replace(".000Z", "Z"),
      }),
    );
    await toNext();
    await settles(async () => expect((await names()).sort()).toEqual([nameOf(1), nameOf()]));
    await finishJob(plane.client, first!, "Complete");
    const { completionTime } = (await plane.client.get(jobs, namespace, name)).status!;
    await settles(async () => {
      const { active, lastSuccessfulTime } = (await get()).status!;
      expect(active!.map((one) => one.name)).toEqual([nameOf()]);
      expect(lastSuccessfulTime).toBe(completionTime);
    });
    await settles(async () =>
      expect(await news()).toEqual([
        `Normal SuccessfulCreate: Created job ${nameOf(1)}`,
        `Normal SuccessfulCreate: Created job ${nameOf()}`,
        `Normal SawCompletedJob: Saw completed job: ${nameOf(1)}, condition: Complete`,
      ]),
    );
  });

  it("waits with Forbid until the last one is over", async () => {
    await create("* * * * *", { concurrencyPolicy: "Forbid" });
    await settles(async () => expect((await get()).status!.active).toHaveLength(1));
    const [first] = await made();
    await toNext();
    await settles(async () =>
      expect(await news()).toContain(
        "Normal JobAlreadyActive: Not starting job because prior execution is running and concurrency policy is Forbid",
      ),
    );
    await stays([first!.metadata.name]);
    await finishJob(plane.client, first!, "Failed");
    await settles(async () => expect(await names()).toContain(nameOf()));
    expect((await get()).status!.lastSuccessfulTime).toBeUndefined();
  });

  it("deletes with Replace the last one first", async () => {
    await create("* * * * *", { concurrencyPolicy: "Replace" });
    await settles(async () => expect((await get()).status!.active).toHaveLength(1));
    await toNext();
    await settles(async () => expect(await names()).toEqual([nameOf()]));
    await settles(async () => expect((await get()).status!.active).toMatchObject([{ name: nameOf() }]));
    await settles(async () =>
      expect(await news()).toContain(`Normal SuccessfulDelete: Deleted job ${nameOf(1)}`),
    );
  });

  it("starts nothing while it is suspended, and then makes up for the last time only", async () => {
    await create("* * * * *", { suspend: true });
    for (let minute = 0; minute < 3; minute++) await toNext();
    await stays([]);
    await change({ suspend: false });
    await settles(async () => expect(await names()).toEqual([nameOf()]));
    await stays([nameOf()]);
  });

  it("lets times pass that are too long ago to start", async () => {
    await create("0 0 1 1 *", { suspend: true, startingDeadlineSeconds: 100, timeZone: "UTC" });
    await plane.client.patch(
      cronJobs,
      namespace,
      "c",
      "merge",
      { status: { lastScheduleTime: "2020-01-01T00:00:00Z" } },
      { subresource: "status" },
    );
    await change({ suspend: false });
    await stays([]);
    await change({ startingDeadlineSeconds: null });
    await settles(async () => expect(await names()).toHaveLength(1));
  });

  it("goes by a new schedule from its next time on", async () => {
    await create("0 0 1 1 *");
    await change({ schedule: "* * * * *" });
    await stays([]);
    await toNext();
    await settles(async () => expect(await names()).toEqual([nameOf()]));
  });

  it("keeps as many that are over as it says, the youngest ones", async () => {
    await create("0 0 1 1 *", { suspend: true, successfulJobsHistoryLimit: 2, failedJobsHistoryLimit: 0 });
    const owner = await get();
    const ended = async (name: string, minutesAgo: number, type: "Complete" | "Failed") => {
      const wanted = job(name, namespace);
      const ownerReferences = [
        { apiVersion: "batch/v1", kind: "CronJob", name: "c", uid: owner.metadata.uid, controller: true },
      ];
      const one = await plane.client.create(jobs, {
        ...wanted,
        metadata: { ...wanted.metadata, ownerReferences },
      });
      await finishJob(plane.client, one, type, Date.now() - minutesAgo * MINUTE_MS);
    };
    for (const [index, name] of ["a", "b", "c", "d"].entries()) await ended(name, 10 - index, "Complete");
    await ended("e", 1, "Failed");
    await settles(async () => expect(await names()).toEqual(["c", "d"]));
  });

  it("tells of Jobs that are gone, and that it did not start", async () => {
    const owner = await create("* * * * *");
    await settles(async () => expect((await get()).status!.active).toHaveLength(1));
    await plane.client.delete(jobs, namespace, nameOf(), { propagationPolicy: "Background" });
    await settles(async () => expect((await get()).status!.active).toBeUndefined());
    const wanted = job("by-hand", namespace);
    const reference = { apiVersion: "batch/v1", kind: "CronJob", name: "c", uid: owner.metadata.uid };
    await plane.client.create(jobs, {
      ...wanted,
      metadata: { ...wanted.metadata, ownerReferences: [{ ...reference, controller: true }] },
    });
    await settles(async () => {
      const told = await news();
      expect(told).toContain(`Normal MissingJob: Active job went missing: ${nameOf()}`);
      expect(told).toContain(
        "Warning UnexpectedJob: Saw a job that the controller did not create or forgot: by-hand",
      );
    });
  });

  it("takes a Job for its own that it made and could not note, and goes on where somebody else has the name", async () => {
    await plane.client.create(jobs, job(nameOf(), namespace));
    await create("* * * * *");
    await stays([nameOf()]);
    expect((await get()).status).toEqual({});
    await toNext();
    await settles(async () => expect((await get()).status!.active).toMatchObject([{ name: nameOf() }]));
  });
});

describe("the CronJob controller under faults", () => {
  let plane: ControlPlane;
  let expected: unknown;
  const scenario: Scenario = {
    controllers,
    async play({ client, namespace }) {
      const schedule = "0 0 1 1 *";
      const spec = {
        suspend: true,
        timeZone: "UTC",
        concurrencyPolicy: "Replace",
        successfulJobsHistoryLimit: 1,
      };
      await client.create(cronJobs, cronJob("c", namespace, schedule, spec));
      const list = async () => (await client.list(jobs, { namespace })).items;
      for (const year of [2020, 2021]) {
        const status = { lastScheduleTime: `${year}-01-01T00:00:00Z` };
        await client.patch(cronJobs, namespace, "c", "merge", { spec: { suspend: true } });
        await client.patch(cronJobs, namespace, "c", "merge", { status }, { subresource: "status" });
        await client.patch(cronJobs, namespace, "c", "merge", { spec: { suspend: false } });
        await eventually(async () => {
          const active = (await client.get(cronJobs, namespace, "c")).status?.active;
          expect(active).toHaveLength(1);
        });
        const [one] = await list();
        await finishJob(client, one!, "Complete");
        await eventually(async () =>
          expect((await client.get(cronJobs, namespace, "c")).status?.active).toBeUndefined(),
        );
        if (year === 2020)
          await client.delete(jobs, namespace, one!.metadata.name, { propagationPolicy: "Background" });
      }
    },
    async outcome({ client, namespace }) {
      const { status } = await client.get(cronJobs, namespace, "c");
      const { items } = await client.list(jobs, { namespace });
      return {
        jobs: items.map(({ metadata }) => metadata.name),
        active: status?.active?.length ?? 0,
        lastScheduleTime: status?.lastScheduleTime,
        hasSucceeded: status?.lastSuccessfulTime !== undefined,
      };
    },
  };
  beforeAll(async () => {
    plane = await ControlPlane.start();
    expected = await reference(plane, scenario);
  });
  afterAll(() => plane.stop());

  it("has a reference state", () => {
    const newYear = Date.UTC(new Date().getUTCFullYear(), 0, 1);
    expect(expected).toEqual({
      jobs: [`c-${newYear / MINUTE_MS}`],
      active: 0,
      lastScheduleTime: new Date(newYear).toISOString().replace(".000Z", "Z"),
      hasSucceeded: true,
    });
  });
  itConverges(() => ({ plane, scenario, expected }), { writes: 5, events: 10 });
});
