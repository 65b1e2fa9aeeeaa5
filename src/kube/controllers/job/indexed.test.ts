import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Pod } from "../../api/index.ts";
import { pods } from "../../api/index.ts";
import { eventually } from "../testing/eventually.ts";
import { JobWorld, reasonsOf } from "../testing/job-world.ts";
import {
  COMPLETION_INDEX,
  completionIndexOf,
  FAILURE_COUNT,
  IGNORED_FAILURE_COUNT,
} from "./completion-index.ts";

let world: JobWorld;
beforeAll(async () => {
  world = await JobWorld.start();
});
beforeEach(() => world.renew());
afterAll(() => world.stop());

const indexed = { completionMode: "Indexed" };
const indexesOf = (list: readonly Pod[]) => list.map(completionIndexOf).sort();
/** Ends pods by their index. */
const byIndex = (codes: Record<number, number>) => (pod: Pod) => codes[completionIndexOf(pod)!];

describe("an indexed Job", () => {
  it("tells each pod its index", async () => {
    const init = {
      initContainers: [{ name: "init", image: "i", env: [{ name: "JOB_COMPLETION_INDEX", value: "own" }] }],
    };
    await world.create({ ...indexed, completions: 3, parallelism: 3 }, init);
    const found = await world.untilRunning(3);
    expect(indexesOf(found)).toEqual([0, 1, 2]);
    for (const { metadata, spec } of found) {
      const index = metadata.annotations![COMPLETION_INDEX]!;
      expect(metadata.labels![COMPLETION_INDEX]).toBe(index);
      expect(metadata.generateName).toBe(`j-${index}-`);
      expect(metadata.name).toMatch(new RegExp(`^j-${index}-[a-z0-9]{5}$`));
      expect(spec.hostname).toBe(`j-${index}`);
      const fieldPath = `metadata.labels['${COMPLETION_INDEX}']`;
      expect(spec.containers[0]!.env).toEqual([
        { name: "JOB_COMPLETION_INDEX", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath } } },
      ]);
      expect(spec.initContainers![0]!.env).toEqual([{ name: "JOB_COMPLETION_INDEX", value: "own" }]);
    }
  });

  it("is complete when each index has succeeded once", async () => {
    await world.create({ ...indexed, completions: 6, parallelism: 6 });
    await world.untilRunning(6);
    await world.end(byIndex({ 0: 0, 2: 0, 3: 0, 5: 0 }));
    await world.until({ completedIndexes: "0,2,3,5", succeeded: 4, active: 2, uncountedTerminatedPods: {} });
    const [first] = (await world.running()).filter((one) => completionIndexOf(one) === 1);
    await world.end((one) => (one.metadata.name === first!.metadata.name ? 1 : byIndex({ 4: 0 })(one)));
    await world.until({ completedIndexes: "0,2-5", failed: 1 });
    await world.end(() => 0);
    expect((await world.untilOver("Complete")).status).toMatchObject({
      completedIndexes: "0-5",
      succeeded: 6,
      failed: 1,
    });
  });

  it("gives up pods that have no index of it, or one that another pod has", async () => {
    const manual = { manualSelector: true, selector: { matchLabels: { app: "x" } } };
    const template = {
      metadata: { labels: { app: "x" } },
      spec: { containers: [{ name: "web", image: "web:1" }], restartPolicy: "Never" },
    };
    await world.create({ ...indexed, ...manual, template, completions: 2, parallelism: 2 });
    await world.untilRunning(2);
    for (const [name, index] of Object.entries({ none: "x", beyond: "7", double: "1" })) {
      const annotations = { [COMPLETION_INDEX]: index };
      await world.plane.client.create(pods, {
        metadata: { name, namespace: world.namespace, labels: { app: "x" }, annotations },
        spec: template.spec,
      });
    }
    await eventually(async () => {
      const left = await world.pods();
      expect(left.map(({ metadata }) => metadata.ownerReferences?.length)).toEqual([1, 1]);
      expect(indexesOf(left)).toEqual([0, 1]);
    });
  });

  it("may be asked for more and for fewer indexes while it runs", async () => {
    await world.create({ ...indexed, completions: 4, parallelism: 4 });
    await world.untilRunning(4);
    await world.end(byIndex({ 1: 0, 3: 0 }));
    await world.until({ completedIndexes: "1,3" });
    await world.change({ completions: 2, parallelism: 2 });
    await world.until({ completedIndexes: "1", succeeded: 1, active: 1 });
    expect(indexesOf(await world.running())).toEqual([0]);
    await world.change({ completions: 3, parallelism: 3 });
    await eventually(async () => expect(indexesOf(await world.running())).toEqual([0, 2]));
    await world.end(() => 0);
    expect((await world.untilOver("Complete")).status).toMatchObject({
      completedIndexes: "0-2",
      succeeded: 3,
    });
  });
});

describe("an indexed Job with a limit for each index", () => {
  const limited = { ...indexed, backoffLimitPerIndex: 1 };

  it("runs the other indexes to their end, and then fails", async () => {
    await world.create({ ...limited, completions: 3, parallelism: 3 });
    await world.end(byIndex({ 0: 0, 1: 1, 2: 0 }));
    const over = await world.untilOver("Failed");
    const why = "FailedIndexes: Job has failed indexes";
    expect(reasonsOf(over)).toEqual([`FailureTarget ${why}`, `Failed ${why}`]);
    expect(over.status).toMatchObject({
      completedIndexes: "0,2",
      failedIndexes: "1",
      succeeded: 2,
      failed: 2,
    });
    const ofFailed = (await world.pods()).filter((one) => completionIndexOf(one) === 1);
    expect(ofFailed.map(({ metadata }) => metadata.annotations![FAILURE_COUNT]).sort()).toEqual(["0", "1"]);
  });

  it("fails as soon as too many indexes have", async () => {
    await world.create({ ...limited, completions: 5, parallelism: 5, maxFailedIndexes: 1 });
    await world.end(byIndex({ 0: 1, 4: 1 }));
    const over = await world.untilOver("Failed");
    expect(reasonsOf(over)[1]).toBe(
      "Failed MaxFailedIndexesExceeded: Job has exceeded the specified maximal number of failed indexes",
    );
    expect(over.status).toMatchObject({ failedIndexes: "0,4", failed: 7 });
  });

  it("may fail an index at once or ignore its failure, and says how often it was ignored", async () => {
    const on = (action: string, value: number) => ({
      action,
      onExitCodes: { operator: "In", values: [value] },
    });
    const podFailurePolicy = { rules: [on("FailIndex", 3), on("Ignore", 4)] };
    await world.create({ ...limited, completions: 3, parallelism: 3, podFailurePolicy });
    const first = new Set((await world.untilRunning(3)).map(({ metadata }) => metadata.name));
    await world.end((one) => (first.has(one.metadata.name) ? [0, 3, 4][completionIndexOf(one)!] : undefined));
    await world.until({ completedIndexes: "0", failedIndexes: "1", active: 1, failed: 1 });
    const [again] = await world.untilRunning(1);
    expect(completionIndexOf(again!)).toBe(2);
    const { annotations } = again!.metadata;
    expect([annotations![FAILURE_COUNT], annotations![IGNORED_FAILURE_COUNT]]).toEqual(["0", "1"]);
    await world.end(() => 0);
    expect((await world.untilOver("Failed")).status).toMatchObject({ completedIndexes: "0,2", failed: 1 });
  });
});

describe("an indexed Job with a policy for success", () => {
  it("is complete with what the policy asks for, and deletes the rest", async () => {
    const successPolicy = { rules: [{ succeededIndexes: "0,3-4", succeededCount: 2 }] };
    await world.create({ ...indexed, completions: 5, parallelism: 5, successPolicy });
    await world.untilRunning(5);
    await world.end(byIndex({ 1: 0, 2: 0, 3: 0 }));
    await world.until({ completedIndexes: "1-3", active: 2 });
    await world.end(byIndex({ 4: 0 }));
    const over = await world.untilOver("Complete");
    const why = "SuccessPolicy: Matched rules at index 0";
    expect(reasonsOf(over)).toEqual([`SuccessCriteriaMet ${why}`, `Complete ${why}`]);
    expect(over.status).toMatchObject({ completedIndexes: "1-4", succeeded: 4 });
    expect(over.status!.failed).toBeUndefined();
    await eventually(async () => expect(indexesOf(await world.pods())).toEqual([1, 2, 3, 4]));
  });
});
