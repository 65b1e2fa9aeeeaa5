import { afterAll, beforeAll, expect, it } from "vitest";
import { pods as podsResource } from "../../api/index.ts";
import type { NewObject } from "../../client/index.ts";
import { ControlPlane, type Identities } from "../testing/control-plane.ts";
import { reference, type Scenario } from "../testing/convergence.ts";
import { eventually } from "../testing/eventually.ts";
import { itConverges } from "../testing/fault-tests.ts";
import { pod } from "../testing/objects.ts";
import { PodActor } from "../testing/pod-actor.ts";
import { PodHistory } from "../testing/pod-history.ts";
import type { ReplicaKind, ReplicaOwner } from "./replica-owner.ts";

export interface ReplicasUnderTest {
  controllers: Identities;
  resource: ReplicaKind["resource"];
  /** An owner that is called `web`, with pods labelled `app: web`. */
  owner(namespace: string, replicas: number): NewObject<ReplicaOwner>;
}

/** Whoever keeps a number of pods comes to the same end under every fault, and never has a pod too many. */
export function describeReplicasUnderFaults({ controllers, resource, owner }: ReplicasUnderTest): void {
  let plane: ControlPlane;
  let actor: PodActor;
  let history: PodHistory;
  let expected: unknown;
  const scenario: Scenario = {
    controllers,
    async prepare({ client, namespace }) {
      await client.create(podsResource, pod("orphan", namespace, { app: "web" }));
    },
    async play({ client, namespace }) {
      await client.create(resource, owner(namespace, 3));
      for (const replicas of [3, 5, 2]) {
        await client.patch(resource, namespace, "web", "merge", { spec: { replicas } });
        await eventually(async () => {
          const { status } = await client.get(resource, namespace, "web");
          expect(status!.availableReplicas).toBe(replicas);
        });
      }
    },
    async outcome({ client, namespace }) {
      const { items } = await client.list(podsResource, { namespace });
      const set = await client.get(resource, namespace, "web");
      return {
        pods: items.map((one) => [
          one.status!.phase,
          one.metadata.ownerReferences?.map(({ uid }) => uid === set.metadata.uid),
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

  itConverges(() => ({ plane, scenario, expected }), { writes: 10, events: 20 });
}
