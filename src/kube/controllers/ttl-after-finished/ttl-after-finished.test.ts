import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../../base/manual-clock.test-support.ts";
import { jobs } from "../../api/index.ts";
import { ControlPlane } from "../testing/control-plane.ts";
import { reference, type Scenario, type World } from "../testing/convergence.ts";
import { eventually } from "../testing/eventually.ts";
import { itConverges } from "../testing/fault-tests.ts";
import { finishJob } from "../testing/finish-job.ts";
import { job } from "../testing/objects.ts";
import { createTtlAfterFinishedController } from "./index.ts";

const controllers = { "ttl-after-finished-controller": createTtlAfterFinishedController };

/** Says that the Job ended so long ago. */
const finish = ({ client, namespace }: World, name: string, agoMs: number, type?: "Failed") =>
  finishJob(client, { metadata: { namespace, name } }, type ?? "Complete", Date.now() - agoMs);

describe("the controller of Jobs' time to live", () => {
  let plane: ControlPlane;
  let world: World;
  const clock = new ManualClock(Date.now());
  beforeAll(async () => {
    plane = await ControlPlane.start();
    await plane.run(controllers, { clock });
  });
  beforeEach(async () => {
    world = { client: plane.client, namespace: await plane.namespace() };
  });
  afterAll(() => plane.stop());

  const deletion = async (name: string) =>
    (await world.client.get(jobs, world.namespace, name)).metadata.deletionTimestamp;
  const create = (name: string, spec: object) => world.client.create(jobs, job(name, world.namespace, spec));

  it("deletes those that are over, pods first, when it is time", async () => {
    await create("a", { ttlSecondsAfterFinished: 100 });
    await create("b", { ttlSecondsAfterFinished: 200 });
    await create("stays", {});
    await create("runs", { ttlSecondsAfterFinished: 0 });
    await finish(world, "a", 0);
    await finish(world, "b", 0, "Failed");
    await finish(world, "stays", 0);
    await clock.advance(90_000);
    expect(await deletion("a")).toBeUndefined();
    await clock.advance(15_000);
    await eventually(async () => expect(await deletion("a")).toBeDefined());
    const { metadata } = await world.client.get(jobs, world.namespace, "a");
    expect(metadata.finalizers).toEqual(["foregroundDeletion"]);
    await clock.advance(80_000);
    expect(await deletion("b")).toBeUndefined();
    await clock.advance(20_000);
    await eventually(async () => expect(await deletion("b")).toBeDefined());
    expect([await deletion("stays"), await deletion("runs")]).toEqual([undefined, undefined]);
  });

  it("goes by a time that is given or changed later", async () => {
    for (const name of ["later", "longer"]) await create(name, { ttlSecondsAfterFinished: 1000 });
    for (const name of ["later", "longer"]) await finish(world, name, 500_000);
    const set = (name: string, seconds: number | null) =>
      world.client.patch(jobs, world.namespace, name, "merge", {
        spec: { ttlSecondsAfterFinished: seconds },
      });
    await set("longer", 100_000);
    await set("later", 1);
    await eventually(async () => expect(await deletion("later")).toBeDefined());
    await clock.advance(600_000);
    expect(await deletion("longer")).toBeUndefined();
  });
});

describe("the controller of Jobs' time to live under faults", () => {
  let plane: ControlPlane;
  let expected: unknown;
  const scenario: Scenario = {
    controllers,
    async play(world) {
      for (const [name, ttlSecondsAfterFinished] of Object.entries({ now: 0, past: 5, future: 1000 })) {
        await world.client.create(jobs, job(name, world.namespace, { ttlSecondsAfterFinished }));
        await finish(world, name, 10_000);
      }
      await eventually(async () => expect(await scenario.outcome(world)).toEqual(["now", "past"]));
    },
    async outcome({ client, namespace }) {
      const { items } = await client.list(jobs, { namespace });
      return items.filter(({ metadata }) => metadata.deletionTimestamp).map(({ metadata }) => metadata.name);
    },
  };
  beforeAll(async () => {
    plane = await ControlPlane.start();
    expected = await reference(plane, scenario);
  });
  afterAll(() => plane.stop());

  itConverges(() => ({ plane, scenario, expected }), { writes: 1, events: 5 });
});
