import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isGantryError } from "../../../base/index.ts";
import { podDisruptionBudgets, pods, replicaSets } from "../../api/index.ts";
import { createReplicaSetController } from "../replicaset/index.ts";
import { ControlPlane } from "../testing/control-plane.ts";
import { reference, type Scenario, type World } from "../testing/convergence.ts";
import { eventually } from "../testing/eventually.ts";
import { itConverges } from "../testing/fault-tests.ts";
import { replicaSet } from "../testing/objects.ts";
import { PodActor } from "../testing/pod-actor.ts";
import { createDisruptionController } from "./index.ts";

const budgetOf = ({ client, namespace }: World) => client.get(podDisruptionBudgets, namespace, "b");

/** Evicts a pod of the application; whether it went. */
async function evictOne({ client, namespace }: World): Promise<boolean> {
  const { items } = await client.list(pods, { namespace });
  const name = items.find(({ metadata }) => metadata.deletionTimestamp === undefined)?.metadata.name;
  if (name === undefined) return false;
  try {
    await client.createSubresource(pods, namespace, name, "eviction", { metadata: { name, namespace } });
    return true;
  } catch (error) {
    if (isGantryError(error, "NotFound") || isGantryError(error, "ResourceExhausted")) return false;
    throw error;
  }
}

describe("disruption budgets under faults", () => {
  let plane: ControlPlane;
  let actor: PodActor;
  let expected: unknown;
  const scenario: Scenario = {
    controllers: {
      "disruption-controller": createDisruptionController,
      "replicaset-controller": createReplicaSetController,
    },
    async play(world) {
      const { client, namespace } = world;
      await client.create(replicaSets, replicaSet("web", namespace, 2));
      await client.create(podDisruptionBudgets, {
        metadata: { name: "b", namespace },
        spec: { selector: { matchLabels: { app: "web" } }, maxUnavailable: "40%" },
      });
      const areHealthy = () =>
        eventually(async () => expect((await budgetOf(world)).status!.currentHealthy).toBe(2));
      await areHealthy();
      await eventually(async () => expect(await evictOne(world)).toBe(true));
      await eventually(async () => expect((await budgetOf(world)).status!.disruptedPods).toBeUndefined());
      await areHealthy();
    },
    async outcome(world) {
      const { status } = await budgetOf(world);
      const { conditions, ...counts } = status!;
      const told = conditions!.map(({ lastTransitionTime: _, ...condition }) => condition);
      return { ...counts, conditions: told };
    },
  };
  beforeAll(async () => {
    plane = await ControlPlane.start();
    actor = await PodActor.start(plane.client);
    expected = await reference(plane, scenario);
  });
  afterAll(async () => {
    await actor.stop();
    await plane.stop();
  });

  it("end in the right state without any", () => {
    expect(expected).toEqual({
      currentHealthy: 2,
      desiredHealthy: 1,
      disruptionsAllowed: 1,
      expectedPods: 2,
      observedGeneration: 1,
      conditions: [
        {
          type: "DisruptionAllowed",
          status: "True",
          reason: "SufficientPods",
          message: "",
          observedGeneration: 1,
        },
      ],
    });
  });

  itConverges(() => ({ plane, scenario, expected }), { writes: 5, events: 5 });
});
