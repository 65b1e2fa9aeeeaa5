import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  controllerRevisions,
  persistentVolumeClaims,
  pods as podsResource,
  statefulSets,
} from "../../api/index.ts";
import { ControlPlane } from "../testing/control-plane.ts";
import { reference, type Scenario, type World } from "../testing/convergence.ts";
import { eventually } from "../testing/eventually.ts";
import { itConverges } from "../testing/fault-tests.ts";
import { claim, pod, podTemplate, statefulSet } from "../testing/objects.ts";
import { PodActor } from "../testing/pod-actor.ts";
import { PodHistory } from "../testing/pod-history.ts";
import { createStatefulSetController } from "./index.ts";

const REVISION_HASH = "controller-revision-hash";

describe("the StatefulSet controller under faults", () => {
  let plane: ControlPlane;
  let actor: PodActor;
  let history: PodHistory;
  let expected: unknown;

  const rolledOut = ({ client, namespace }: World, replicas: number) =>
    eventually(async () => {
      const { metadata, status } = await client.get(statefulSets, namespace, "web");
      expect(status).toMatchObject({
        observedGeneration: metadata.generation,
        replicas,
        updatedReplicas: replicas,
        availableReplicas: replicas,
        currentRevision: status!.updateRevision,
      });
    });

  const scenario: Scenario = {
    controllers: { "statefulset-controller": createStatefulSetController },
    async prepare({ client, namespace }) {
      await client.create(podsResource, pod("web-0", namespace, { app: "web" }));
    },
    async play(world) {
      const { client, namespace } = world;
      const spec = {
        revisionHistoryLimit: 1,
        volumeClaimTemplates: [claim("data", namespace)],
        persistentVolumeClaimRetentionPolicy: { whenDeleted: "Delete" },
      };
      await client.create(statefulSets, statefulSet("web", namespace, 2, spec));
      // What was adopted cannot get the claims as its volumes.
      await eventually(async () => {
        const { metadata } = await client.get(podsResource, namespace, "web-0");
        expect(metadata.ownerReferences).toHaveLength(1);
      });
      await client.delete(podsResource, namespace, "web-0");
      await rolledOut(world, 2);
      for (const [replicas, image] of [
        [2, "web:2"],
        [1, "web:3"],
        [2, "web:2"],
      ] as const) {
        await client.patch(statefulSets, namespace, "web", "merge", {
          spec: { replicas, template: podTemplate({ app: "web" }, image) },
        });
        await rolledOut(world, replicas);
      }
    },
    async outcome({ client, namespace }) {
      const pods = (await client.list(podsResource, { namespace })).items;
      const revisions = (await client.list(controllerRevisions, { namespace })).items;
      const claims = (await client.list(persistentVolumeClaims, { namespace })).items;
      const { metadata, status } = await client.get(statefulSets, namespace, "web");
      const { currentRevision, updateRevision, ...counts } = status!;
      return {
        pods: pods.map((one) => [
          one.metadata.name,
          one.spec.containers[0]!.image,
          one.metadata.labels?.[REVISION_HASH] === updateRevision,
        ]),
        revisions: revisions
          .map((one) => [one.revision, one.metadata.name === currentRevision])
          .sort((a, b) => Number(a[0]) - Number(b[0])),
        claims: claims.map((one) => [
          one.metadata.name,
          one.metadata.ownerReferences?.map(({ uid }) => uid === metadata.uid),
        ]),
        counts,
        madeInAll: history.of(namespace).madeInAll,
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
        ["web-0", "web:2", true],
        ["web-1", "web:2", true],
      ],
      revisions: [
        [3, false],
        [4, true],
      ],
      claims: [
        ["data-web-0", [true]],
        ["data-web-1", [true]],
      ],
      counts: {
        observedGeneration: 4,
        replicas: 2,
        readyReplicas: 2,
        availableReplicas: 2,
        currentReplicas: 2,
        updatedReplicas: 2,
        collisionCount: 0,
      },
      // The orphan, two of the first image, two of the second, one of the third, two of the second again.
      madeInAll: 8,
    });
  });

  itConverges(() => ({ plane, scenario, expected }), { writes: 30, events: 50, timeoutMs: 120_000 });
});
