import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Pod } from "../../api/index.ts";
import { jobs, pods } from "../../api/index.ts";
import { ControlPlane } from "../testing/control-plane.ts";
import { reference, type Scenario, type World } from "../testing/convergence.ts";
import { eventually } from "../testing/eventually.ts";
import { itConverges } from "../testing/fault-tests.ts";
import { JOB_CONTROLLERS } from "../testing/job-world.ts";
import { job } from "../testing/objects.ts";
import { PodActor } from "../testing/pod-actor.ts";
import { PodHistory } from "../testing/pod-history.ts";
import { completionIndexOf, FAILURE_COUNT } from "./completion-index.ts";

const statusOf = async ({ client, namespace }: World) => {
  const { status } = await client.get(jobs, namespace, "j");
  const { startTime: _, completionTime: __, conditions = [], ...counts } = status!;
  return {
    ...counts,
    conditions: conditions.map(({ type, status, reason }) => `${type}=${status} ${reason}`),
  };
};

const podsOf = async ({ client, namespace }: World) =>
  (await client.list(pods, { namespace })).items
    .map(({ metadata, status }) => `${metadata.labels?.task} ${status?.phase} ${metadata.finalizers ?? "-"}`)
    .sort();

const change = ({ client, namespace }: World, spec: object) =>
  client.patch(jobs, namespace, "j", "merge", { spec });

const until = (world: World, status: object) =>
  eventually(async () =>
    expect((await world.client.get(jobs, world.namespace, "j")).status).toMatchObject(status),
  );

const both = (first: string, second: string, reason: string) =>
  [first, second].map((type) => `${type}=True ${reason}`);

const OVER = (type: string) => ({
  conditions: expect.arrayContaining([expect.objectContaining({ type, status: "True" })]),
});

/** Pods of the task `fail` fail, and so does the first one of index 1; those of the task `wait` do not end. */
function exitCode(pod: Pod): number | undefined {
  const { labels, annotations } = pod.metadata;
  if (labels?.task === "fail") return 1;
  if (labels?.task === "wait") return undefined;
  if (completionIndexOf(pod) === 1 && annotations?.[FAILURE_COUNT] === "0") return 1;
  return 0;
}

const template = (task: string) => ({
  metadata: { labels: { task } },
  spec: { containers: [{ name: "web", image: "web:1" }], restartPolicy: "Never" },
});

interface Story {
  play: Scenario["play"];
  /** The end: the status, the pods as `task phase finalizers`, and how many there were in all. */
  end: { status: object; pods: string[]; madeInAll: number };
}

const settled = { ready: 0, terminating: 0, uncountedTerminatedPods: {} };

const STORIES: Record<string, Story> = {
  "that succeeds": {
    async play(world) {
      const { client, namespace } = world;
      await client.create(
        jobs,
        job("j", namespace, { completions: 5, parallelism: 3, template: template("do") }),
      );
      await until(world, OVER("Complete"));
    },
    end: {
      status: {
        ...settled,
        succeeded: 5,
        conditions: both("SuccessCriteriaMet", "Complete", "CompletionsReached"),
      },
      pods: Array(5).fill("do Succeeded -"),
      madeInAll: 5,
    },
  },
  "that fails": {
    async play(world) {
      const { client, namespace } = world;
      await client.create(jobs, job("j", namespace, { backoffLimit: 2, template: template("fail") }));
      await until(world, OVER("Failed"));
    },
    end: {
      status: { ...settled, failed: 3, conditions: both("FailureTarget", "Failed", "BackoffLimitExceeded") },
      pods: Array(3).fill("fail Failed -"),
      madeInAll: 3,
    },
  },
  "that is suspended, and changed in size": {
    async play(world) {
      const { client, namespace } = world;
      await client.create(
        jobs,
        job("j", namespace, { completions: 9, parallelism: 3, template: template("wait") }),
      );
      await until(world, { active: 3, ready: 3 });
      await change(world, { suspend: true });
      await until(world, { ready: 0, terminating: 0, conditions: [{ type: "Suspended", status: "True" }] });
      await change(world, { suspend: false, parallelism: 2 });
      await until(world, { active: 2, ready: 2, conditions: [{ type: "Suspended", status: "False" }] });
    },
    end: {
      status: { ...settled, active: 2, ready: 2, conditions: ["Suspended=False JobResumed"] },
      pods: Array(2).fill("wait Running batch.kubernetes.io/job-tracking"),
      madeInAll: 5,
    },
  },
  "of indexes, of which one fails once": {
    async play(world) {
      const { client, namespace } = world;
      const spec = { completionMode: "Indexed", backoffLimitPerIndex: 1, completions: 3, parallelism: 3 };
      await client.create(jobs, job("j", namespace, { ...spec, template: template("do") }));
      await until(world, OVER("Complete"));
    },
    end: {
      status: {
        ...settled,
        succeeded: 3,
        failed: 1,
        completedIndexes: "0-2",
        failedIndexes: "",
        conditions: both("SuccessCriteriaMet", "Complete", "CompletionsReached"),
      },
      pods: ["do Failed -", ...Array(3).fill("do Succeeded -")],
      madeInAll: 4,
    },
  },
};

describe.each(Object.entries(STORIES))(
  "the Job controller under faults, with a Job %s",
  (_, { play, end }) => {
    let plane: ControlPlane;
    let actor: PodActor;
    let history: PodHistory;
    let expected: unknown;
    const scenario: Scenario = {
      play,
      controllers: JOB_CONTROLLERS,
      outcome: async (world) => ({
        status: await statusOf(world),
        pods: await podsOf(world),
        madeInAll: history.of(world.namespace).madeInAll,
      }),
    };

    beforeAll(async () => {
      plane = await ControlPlane.start();
      actor = await PodActor.start(plane.client, { exitCode });
      history = await PodHistory.start(plane.client);
      expected = await reference(plane, scenario);
    });
    afterAll(async () => {
      await actor.stop();
      await history.stop();
      await plane.stop();
    });

    it("has a reference state", () => {
      expect(expected).toEqual(end);
    });

    itConverges(() => ({ plane, scenario, expected }), { writes: 5, events: 10 });
  },
);
