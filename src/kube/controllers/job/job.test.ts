import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { jobs, pods } from "../../api/index.ts";
import { eventually } from "../testing/eventually.ts";
import { JobWorld, reasonsOf, trueConditions } from "../testing/job-world.ts";
import { pod } from "../testing/objects.ts";
import { TRACKING_FINALIZER } from "./tracking-finalizer.ts";

let world: JobWorld;
beforeAll(async () => {
  world = await JobWorld.start();
});
beforeEach(() => world.renew());
afterAll(() => world.stop());

describe("a Job", () => {
  it("runs so many pods at once until so many have succeeded", async () => {
    const made = await world.create({ completions: 5, parallelism: 2 });
    const first = await world.untilRunning(2);
    await world.until({ active: 2, ready: 2, terminating: 0, uncountedTerminatedPods: {} });
    for (const { metadata } of first) {
      expect(metadata.name).toMatch(/^j-[a-z0-9]{5}$/);
      expect(metadata).toMatchObject({
        generateName: "j-",
        finalizers: [TRACKING_FINALIZER],
        labels: {
          "batch.kubernetes.io/job-name": "j",
          "batch.kubernetes.io/controller-uid": made.metadata.uid,
        },
        ownerReferences: [
          { apiVersion: "batch/v1", kind: "Job", name: "j", uid: made.metadata.uid, controller: true },
        ],
      });
    }
    let most = 0;
    await world.end(() => 0);
    const over = await eventually(async () => {
      most = Math.max(most, (await world.pods()).filter(({ status }) => status?.phase === "Running").length);
      const found = await world.get();
      expect(trueConditions(found)).toContain("Complete");
      return found;
    });
    expect(most).toBeLessThanOrEqual(2);
    const { startTime, completionTime } = over.status!;
    expect(over.status).toEqual({
      startTime,
      completionTime,
      succeeded: 5,
      ready: 0,
      terminating: 0,
      uncountedTerminatedPods: {},
      conditions: ["SuccessCriteriaMet", "Complete"].map((type) => ({
        type,
        status: "True",
        reason: "CompletionsReached",
        message: "Reached expected number of succeeded pods",
        lastProbeTime: expect.any(String),
        lastTransitionTime: expect.any(String),
      })),
    });
    const ended = await world.pods();
    expect(ended).toHaveLength(5);
    expect(ended.flatMap(({ metadata }) => metadata.finalizers ?? [])).toEqual([]);
    await eventually(async () => expect(await world.news()).toEqual(["Normal Completed: Job completed"]));
  });

  it("without a number of completions ends with those that run at the first success", async () => {
    await world.create({ parallelism: 3 });
    const [first] = await world.untilRunning(3);
    await world.end(({ metadata }) => (metadata.name === first!.metadata.name ? 0 : undefined));
    await world.until({ succeeded: 1, active: 2 });
    expect(await world.pods()).toHaveLength(3);
    await world.end(() => 1);
    const { status } = await world.untilOver("Complete");
    expect(status).toMatchObject({ succeeded: 1, failed: 2 });
  });

  it("follows its parallelism up and down, and does not count whom it gave up", async () => {
    await world.create({ parallelism: 1, completions: 10 });
    await world.untilRunning(1);
    await world.change({ parallelism: 4 });
    await world.untilRunning(4);
    await world.change({ parallelism: 0 });
    await world.untilRunning(0);
    const { status } = await world.until({ ready: 0, terminating: 0 });
    expect([status!.active, status!.failed]).toEqual([undefined, undefined]);
    expect(await world.pods()).toEqual([]);
  });

  it("adopts pods that it selects and lets go of pods that it no longer does, with its finalizer", async () => {
    const labels = { app: "mine" };
    const template = {
      metadata: { labels },
      spec: { containers: [{ name: "web", image: "web:1" }], restartPolicy: "Never" },
    };
    const mine = pod("orphan", world.namespace, labels, { restartPolicy: "Never" });
    await world.plane.client.create(pods, mine);
    const manual = { manualSelector: true, selector: { matchLabels: labels }, template };
    const made = await world.create({ ...manual, completions: 2, parallelism: 2 });
    await world.untilRunning(2);
    const orphan = await world.plane.client.get(pods, world.namespace, "orphan");
    expect(orphan.metadata.finalizers).toEqual([TRACKING_FINALIZER]);
    expect(orphan.metadata.ownerReferences![0]!.uid).toBe(made.metadata.uid);
    await world.plane.client.patch(pods, world.namespace, "orphan", "merge", {
      metadata: { labels: { app: "debug" } },
    });
    await world.untilRunning(3);
    const { metadata } = await world.plane.client.get(pods, world.namespace, "orphan");
    expect([metadata.finalizers, metadata.ownerReferences]).toEqual([undefined, undefined]);
  });

  it("is left alone where another controller looks after it", async () => {
    await world.create({ managedBy: "example.com/other" }, {}, "other");
    await world.create({}, {}, "j");
    await world.untilRunning(1);
    expect((await world.get("other")).status).toEqual({});
  });

  it("ends nothing that is not settled: it is complete only once deleted pods are gone", async () => {
    await world.create({ completions: 1, parallelism: 1, podReplacementPolicy: "Failed" });
    const [first] = await world.untilRunning(1);
    world.pauseNode();
    await world.plane.client.delete(pods, world.namespace, first!.metadata.name);
    await world.until({ terminating: 1, ready: 0 });
    expect(await world.pods()).toHaveLength(1);
    await world.end(() => undefined);
    await world.until({ active: 1, terminating: 0, failed: 1 });
    await world.end(() => 0);
    expect((await world.untilOver("Complete")).status).toMatchObject({ succeeded: 1, failed: 1 });
  });

  it("replaces a pod as soon as it is being deleted, unless it is to wait for its end", async () => {
    await world.create({});
    const [first] = await world.untilRunning(1);
    world.pauseNode();
    await world.plane.client.delete(pods, world.namespace, first!.metadata.name);
    await eventually(async () => {
      expect(await world.pods()).toHaveLength(2);
      expect((await world.get()).status).toMatchObject({ active: 1, terminating: 1, failed: 1 });
    });
  });
});

describe("a Job that is deleted", () => {
  const prepare = async () => {
    await world.create({ parallelism: 2, completions: 2 });
    await world.untilRunning(2);
    world.pauseNode();
  };

  it("in the background takes its pods along", async () => {
    await prepare();
    await world.plane.client.delete(jobs, world.namespace, "j", { propagationPolicy: "Background" });
    await world.resumeNode();
    await eventually(async () => expect(await world.pods()).toEqual([]));
  });

  it("in the foreground goes after them", async () => {
    await prepare();
    await world.plane.client.delete(jobs, world.namespace, "j", { propagationPolicy: "Foreground" });
    await eventually(async () => {
      const { metadata } = await world.get();
      expect(metadata.deletionTimestamp).toBeDefined();
    });
    await world.resumeNode();
    await eventually(async () => expect(await world.pods()).toEqual([]));
    await eventually(() => expect(world.get()).rejects.toMatchObject({ kind: "NotFound" }));
  });

  it("leaves its pods without its finalizer where they are to stay", async () => {
    await prepare();
    await world.plane.client.delete(jobs, world.namespace, "j", { propagationPolicy: "Orphan" });
    await eventually(async () => {
      const left = await world.pods();
      expect(left.map(({ metadata }) => [metadata.finalizers, metadata.ownerReferences])).toEqual([
        [undefined, undefined],
        [undefined, undefined],
      ]);
    });
  });
});

describe("a Job that is suspended", () => {
  it("makes no pods and has not begun", async () => {
    await world.create({ suspend: true });
    const { status } = await world.until({ conditions: [{ type: "Suspended", status: "True" }] });
    expect(status!.startTime).toBeUndefined();
    expect(reasonsOf(await world.get())).toEqual(["Suspended JobSuspended: Job suspended"]);
    await world.change({ suspend: false });
    await world.untilRunning(1);
    const resumed = await world.until({
      conditions: [{ type: "Suspended", status: "False", reason: "JobResumed", message: "Job resumed" }],
      startTime: expect.any(String),
    });
    expect(reasonsOf(resumed)).toEqual([]);
    await eventually(async () =>
      expect(await world.news()).toEqual(["Normal Suspended: Job suspended", "Normal Resumed: Job resumed"]),
    );
  });

  it("gives up its pods, which is no failure, and begins anew", async () => {
    await world.create({ parallelism: 2, completions: 4, backoffLimit: 0 });
    await world.untilRunning(2);
    await world.change({ suspend: true });
    const { status } = await world.until({ ready: 0, terminating: 0, conditions: [{ type: "Suspended" }] });
    expect(status!.failed).toBeUndefined();
    expect(await world.pods()).toEqual([]);
    await world.end(() => 0);
    await world.change({ suspend: false });
    expect((await world.untilOver("Complete")).status!.succeeded).toBe(4);
  });
});

describe("a Job fails", () => {
  it("when more pods have failed than its limit", async () => {
    await world.create({ backoffLimit: 2 });
    await world.end(() => 1);
    const over = await world.untilOver("Failed");
    expect(over.status).toMatchObject({ failed: 3, terminating: 0 });
    expect(over.status!.completionTime).toBeUndefined();
    const why = "BackoffLimitExceeded: Job has reached the specified backoff limit";
    expect(reasonsOf(over)).toEqual([`FailureTarget ${why}`, `Failed ${why}`]);
    await eventually(async () => expect(await world.news()).toEqual([`Warning ${why}`]));
  });

  it("and its other pods are deleted and count as failed", async () => {
    await world.create({ backoffLimit: 0, parallelism: 3, completions: 3 });
    const [first] = await world.untilRunning(3);
    await world.end(({ metadata }) => (metadata.name === first!.metadata.name ? 1 : undefined));
    expect((await world.untilOver("Failed")).status).toMatchObject({ failed: 3 });
    await eventually(async () => expect(await world.pods()).toHaveLength(1));
  });

  it("when its containers were restarted too often in place", async () => {
    await world.create({ backoffLimit: 2 }, { restartPolicy: "OnFailure" });
    const [first] = await world.untilRunning(1);
    const restarted = { name: "web", image: "web:1", imageID: "", ready: true, restartCount: 2, state: {} };
    await world.plane.client.patch(
      pods,
      world.namespace,
      first!.metadata.name,
      "strategic",
      { status: { containerStatuses: [restarted] } },
      { subresource: "status" },
    );
    expect((await world.untilOver("Failed")).status).toMatchObject({ failed: 1 });
  });

  it("when it was active for too long", async () => {
    await world.create({ activeDeadlineSeconds: 1 });
    await world.untilRunning(1);
    const why = "DeadlineExceeded: Job was active longer than specified deadline";
    expect(reasonsOf(await world.untilOver("Failed"))).toEqual([`FailureTarget ${why}`, `Failed ${why}`]);
    await eventually(async () => expect(await world.pods()).toEqual([]));
  });
});

describe("a Job with a policy for failures", () => {
  const onExit = (action: string, values: number[]) => ({
    action,
    onExitCodes: { containerName: "web", operator: "In", values },
  });

  it("fails at once, ignores or counts a failure by the exit code", async () => {
    const podFailurePolicy = {
      rules: [onExit("FailJob", [42]), onExit("Ignore", [7]), onExit("Count", [8])],
    };
    await world.create({ podFailurePolicy, backoffLimit: 1 });
    const codes = [7, 7, 7, 8, 42];
    const seen = new Map<string, number>();
    await world.end(({ metadata }) => {
      if (!seen.has(metadata.name)) seen.set(metadata.name, codes[seen.size]!);
      return seen.get(metadata.name);
    });
    const over = await world.untilOver("Failed");
    const last = [...seen].find(([, code]) => code === 42)![0];
    const why = `PodFailurePolicy: Container web for pod ${world.namespace}/${last} failed with exit code 42 matching FailJob rule at index 0`;
    expect(reasonsOf(over)).toEqual([`FailureTarget ${why}`, `Failed ${why}`]);
    expect(over.status!.failed).toBe(2);
  });

  it("does not count pods that were driven out", async () => {
    const onPodConditions = [{ type: "DisruptionTarget" }];
    const podFailurePolicy = { rules: [{ action: "Ignore", onPodConditions }] };
    await world.create({ podFailurePolicy, backoffLimit: 0 });
    const [first] = await world.untilRunning(1);
    const drivenOut = { type: "DisruptionTarget", status: "True", reason: "DeletionByTaintManager" };
    const { client } = world.plane;
    await client.patch(
      pods,
      world.namespace,
      first!.metadata.name,
      "strategic",
      { status: { conditions: [drivenOut] } },
      { subresource: "status" },
    );
    await client.delete(pods, world.namespace, first!.metadata.name);
    await eventually(async () => {
      const [other] = await world.running();
      expect(other).toBeDefined();
      expect(other!.metadata.name).not.toBe(first!.metadata.name);
    });
    await world.end(() => 0);
    const { status } = await world.untilOver("Complete");
    expect([status!.succeeded, status!.failed]).toEqual([1, undefined]);
  });
});
