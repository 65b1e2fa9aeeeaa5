import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  deployments as deploymentsResource,
  pods as podsResource,
  replicaSets as replicaSetsResource,
} from "../../api/index.ts";
import type { KubeObject } from "../../api/types.ts";
import { createReplicaSetController } from "../replicaset/index.ts";
import { ControlPlane } from "../testing/control-plane.ts";
import { reference, type Scenario, type World } from "../testing/convergence.ts";
import { eventually } from "../testing/eventually.ts";
import { itConverges } from "../testing/fault-tests.ts";
import { deployment, podTemplate } from "../testing/objects.ts";
import { PodActor } from "../testing/pod-actor.ts";
import { PodHistory } from "../testing/pod-history.ts";
import { createDeploymentController } from "./index.ts";

const REPLICAS = 2;

describe("the Deployment controller under faults", () => {
  let plane: ControlPlane;
  let actor: PodActor;
  let history: PodHistory;
  let expected: unknown;

  const rolledOut = ({ client, namespace }: World) =>
    eventually(async () => {
      const { metadata, status } = await client.get(deploymentsResource, namespace, "web");
      expect(status).toMatchObject({
        observedGeneration: metadata.generation,
        replicas: REPLICAS,
        updatedReplicas: REPLICAS,
        availableReplicas: REPLICAS,
      });
    });

  const scenario: Scenario = {
    controllers: {
      "deployment-controller": createDeploymentController,
      "replicaset-controller": createReplicaSetController,
    },
    async play(world) {
      const { client, namespace } = world;
      await client.create(
        deploymentsResource,
        deployment("web", namespace, REPLICAS, { revisionHistoryLimit: 1 }),
      );
      await rolledOut(world);
      for (const image of ["web:2", "web:3"]) {
        await client.patch(deploymentsResource, namespace, "web", "merge", {
          spec: { template: podTemplate({ app: "web" }, image) },
        });
        await rolledOut(world);
      }
    },
    async outcome({ client, namespace }) {
      const pods = (await client.list(podsResource, { namespace })).items;
      const sets = (await client.list(replicaSetsResource, { namespace })).items;
      const { metadata, status } = await client.get(deploymentsResource, namespace, "web");
      const { conditions = [], ...counts } = status!;
      return {
        pods: pods.map((one) => one.spec.containers[0]!.image),
        sets: sets
          .map((set) => [set.spec.template!.spec!.containers[0]!.image, set.spec.replicas, revisionOf(set)])
          .sort(),
        revision: revisionOf({ metadata } as KubeObject),
        counts,
        conditions: conditions.map((one) => [one.type, one.status, one.reason]).sort(),
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
      pods: ["web:3", "web:3"],
      sets: [
        ["web:2", 0, "2"],
        ["web:3", 2, "3"],
      ],
      revision: "3",
      counts: {
        observedGeneration: 3,
        replicas: 2,
        updatedReplicas: 2,
        readyReplicas: 2,
        availableReplicas: 2,
      },
      conditions: [
        ["Available", "True", "MinimumReplicasAvailable"],
        ["Progressing", "True", "NewReplicaSetAvailable"],
      ],
      madeInAll: 6,
    });
  });

  itConverges(() => ({ plane, scenario, expected }), { writes: 30, events: 50, timeoutMs: 60_000 });
});

function revisionOf(object: KubeObject): string | undefined {
  return object.metadata.annotations?.["deployment.kubernetes.io/revision"];
}
