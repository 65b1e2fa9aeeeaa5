import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pods as podsResource, replicaSets as replicaSetsResource } from "../../api/index.ts";
import { ControlPlane } from "../testing/control-plane.ts";
import {
  expectSameDespiteEventFaults,
  expectSameDespiteWriteFaults,
  reference,
  type Scenario,
} from "../testing/convergence.ts";
import { eventually } from "../testing/eventually.ts";
import { WRITE_FAULTS } from "../testing/faults.ts";
import { pod, replicaSet } from "../testing/objects.ts";
import { PodActor } from "../testing/pod-actor.ts";
import { PodHistory } from "../testing/pod-history.ts";
import { createReplicaSetController } from "./index.ts";

describe("the ReplicaSet controller under faults", () => {
  let plane: ControlPlane;
  let actor: PodActor;
  let history: PodHistory;
  let expected: unknown;
  const scenario: Scenario = {
    controllers: { "replicaset-controller": createReplicaSetController },
    async prepare({ client, namespace }) {
      await client.create(podsResource, pod("orphan", namespace, { app: "web" }));
    },
    async play({ client, namespace }) {
      await client.create(replicaSetsResource, replicaSet("web", namespace, 3));
      for (const replicas of [3, 5, 2]) {
        await client.patch(replicaSetsResource, namespace, "web", "merge", { spec: { replicas } });
        await eventually(async () => {
          const { status } = await client.get(replicaSetsResource, namespace, "web");
          expect(status!.availableReplicas).toBe(replicas);
        });
      }
    },
    async outcome({ client, namespace }) {
      const { items } = await client.list(podsResource, { namespace });
      const set = await client.get(replicaSetsResource, namespace, "web");
      return {
        pods: items.map((one) => [
          one.status!.phase,
          one.metadata.ownerReferences?.map((owner) => owner.uid === set.metadata.uid),
        ]),
        status: set.status,
        ...history.of(namespace),
      };
    },
  };

  beforeAll(async () => {
    plane = await ControlPlane.start();
    actor = await PodActor.start(plane.client);
    history = await PodHistory.start(plane.client);
    expected = await reference(plane, scenario);
  });
  afterAll(async () => {
    await actor.stop();
    await history.stop();
    await plane.stop();
  });

  it("has a reference state", () => {
    expect(expected).toEqual({
      pods: [
        ["Running", [true]],
        ["Running", [true]],
      ],
      status: {
        replicas: 2,
        fullyLabeledReplicas: 2,
        readyReplicas: 2,
        availableReplicas: 2,
        observedGeneration: 3,
      },
      madeInAll: 5,
      mostAtOnce: 5,
    });
  });

  for (const mode of WRITE_FAULTS) {
    it(`comes to the same state when any write is ${mode}`, async () => {
      expect(await expectSameDespiteWriteFaults(plane, scenario, expected, mode)).toBeGreaterThan(10);
    });
  }

  for (const mode of ["missed", "doubled"] as const) {
    it(`comes to the same state when any event is ${mode}`, async () => {
      expect(await expectSameDespiteEventFaults(plane, scenario, expected, mode)).toBeGreaterThan(20);
    });
  }

  it("never makes a pod too many when its informers are late", async () => {
    await expectSameDespiteEventFaults(plane, scenario, expected, "late");
  });
});
