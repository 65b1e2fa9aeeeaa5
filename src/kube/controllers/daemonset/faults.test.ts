import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { controllerRevisions, daemonSets, nodes, pods as podsResource } from "../../api/index.ts";
import { ControlPlane } from "../testing/control-plane.ts";
import { reference, type Scenario, type World } from "../testing/convergence.ts";
import { eventually } from "../testing/eventually.ts";
import { itConverges } from "../testing/fault-tests.ts";
import { daemonSet, pod, podTemplate } from "../testing/objects.ts";
import { PodActor } from "../testing/pod-actor.ts";
import { PodHistory } from "../testing/pod-history.ts";
import { readyNode } from "../testing/ready-node.ts";
import { targetNodeOf } from "./daemon-pod.ts";
import { createDaemonSetController } from "./index.ts";

const WORLD = "world";

describe("the DaemonSet controller under faults", () => {
  let plane: ControlPlane;
  let actor: PodActor;
  let history: PodHistory;
  let expected: unknown;

  const everywhere = ({ client, namespace }: World, count: number) =>
    eventually(async () => {
      const { metadata, status } = await client.get(daemonSets, namespace, "agent");
      expect(status).toMatchObject({
        observedGeneration: metadata.generation,
        desiredNumberScheduled: count,
        currentNumberScheduled: count,
        updatedNumberScheduled: count,
        numberAvailable: count,
      });
    });

  const scenario: Scenario = {
    controllers: { "daemon-set-controller": createDaemonSetController },
    worldLabel: WORLD,
    async prepare({ client, namespace }) {
      for (const name of ["a", "b"]) await readyNode(client, `${namespace}-${name}`, { [WORLD]: namespace });
      const orphan = pod("orphan", namespace, { app: "agent" }, { nodeName: `${namespace}-a` });
      await client.create(podsResource, orphan);
    },
    async play(world) {
      const { client, namespace } = world;
      await client.create(daemonSets, daemonSet("agent", namespace, { revisionHistoryLimit: 1 }));
      await everywhere(world, 2);
      for (const image of ["web:2", "web:3"]) {
        await client.patch(daemonSets, namespace, "agent", "merge", {
          spec: { template: podTemplate({ app: "agent" }, image) },
        });
        await everywhere(world, 2);
      }
      const spec = { taints: [{ key: "out", effect: "NoExecute" }] };
      await client.patch(nodes, undefined, `${namespace}-b`, "merge", { spec });
      await everywhere(world, 1);
    },
    async outcome({ client, namespace }) {
      const pods = (await client.list(podsResource, { namespace })).items;
      const revisions = (await client.list(controllerRevisions, { namespace })).items;
      const { metadata, status } = await client.get(daemonSets, namespace, "agent");
      return {
        pods: pods.map((one) => [
          targetNodeOf(one)!.slice(namespace.length),
          one.spec.containers[0]!.image,
          one.metadata.ownerReferences?.map(({ uid }) => uid === metadata.uid),
        ]),
        revisions: revisions.map((one) => one.revision).sort(),
        status,
        madeInAll: history.of(namespace).madeInAll,
      };
    },
  };

  beforeAll(async () => {
    plane = await ControlPlane.start();
    actor = await PodActor.start(plane.client, { node: (one) => targetNodeOf(one)! });
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
      pods: [["-a", "web:3", [true]]],
      revisions: [2, 3],
      status: {
        desiredNumberScheduled: 1,
        currentNumberScheduled: 1,
        numberMisscheduled: 0,
        numberReady: 1,
        numberAvailable: 1,
        updatedNumberScheduled: 1,
        observedGeneration: 3,
      },
      // The orphan, which is of no revision, is replaced.
      madeInAll: 7,
    });
  });

  itConverges(() => ({ plane, scenario, expected }), { writes: 20, events: 30, timeoutMs: 120_000 });
});
