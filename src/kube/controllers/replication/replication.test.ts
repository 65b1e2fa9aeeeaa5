import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Pod } from "../../api/index.ts";
import {
  events,
  pods as podsResource,
  replicaSets,
  replicationControllers,
  serviceAccounts,
} from "../../api/index.ts";
import { createGarbageCollector } from "../garbage-collector/index.ts";
import { createReplicaSetController } from "../replicaset/index.ts";
import { ControlPlane } from "../testing/control-plane.ts";
import { eventually } from "../testing/eventually.ts";
import { pod, replicaSet, replicationController } from "../testing/objects.ts";
import { PodActor } from "../testing/pod-actor.ts";
import { createReplicationController } from "./index.ts";

describe("the ReplicationController controller", () => {
  let plane: ControlPlane;
  let actor: PodActor | undefined;
  beforeAll(async () => {
    plane = await ControlPlane.start();
    await plane.run({
      "replication-controller": createReplicationController,
      "replicaset-controller": createReplicaSetController,
      "generic-garbage-collector": createGarbageCollector,
    });
  });
  afterAll(() => plane.stop());
  afterEach(async () => {
    await actor?.stop();
    actor = undefined;
  });

  const podsIn = async (namespace: string): Promise<Pod[]> =>
    (await plane.client.list(podsResource, { namespace })).items.filter(
      (one) => one.metadata.deletionTimestamp === undefined,
    );
  const get = (namespace: string, name: string) => plane.client.get(replicationControllers, namespace, name);

  it("keeps as many pods of its template as it asks for, and tells so", async () => {
    const namespace = await plane.namespace();
    actor = await PodActor.start(plane.client);
    const made = await plane.client.create(
      replicationControllers,
      replicationController("web", namespace, 3),
    );
    await eventually(async () =>
      expect((await get(namespace, "web")).status).toEqual({
        replicas: 3,
        fullyLabeledReplicas: 3,
        readyReplicas: 3,
        availableReplicas: 3,
        observedGeneration: 1,
      }),
    );
    const found = await podsIn(namespace);
    for (const { metadata } of found) {
      const owner = { apiVersion: "v1", kind: "ReplicationController", name: "web", uid: made.metadata.uid };
      expect(metadata.ownerReferences).toEqual([{ ...owner, controller: true, blockOwnerDeletion: true }]);
      expect(metadata.name).toMatch(/^web-[a-z0-9]{5}$/);
    }
    await plane.client.delete(podsResource, namespace, found[0]!.metadata.name);
    await plane.client.patch(
      replicationControllers,
      namespace,
      "web",
      "merge",
      { spec: { replicas: 1 } },
      { subresource: "scale" },
    );
    await eventually(async () => {
      expect(await podsIn(namespace)).toHaveLength(1);
      expect((await get(namespace, "web")).status).toMatchObject({ replicas: 1, observedGeneration: 2 });
    });
    await eventually(async () => {
      const told = (await plane.client.list(events, { namespace })).items;
      expect(told.filter(({ reason }) => reason === "SuccessfulDelete").length).toBeGreaterThanOrEqual(2);
      expect(new Set(told.map(({ source }) => source?.component))).toEqual(
        new Set(["replication-controller"]),
      );
    });
  });

  it("adopts what it selects, releases what it no longer does, and leaves a ReplicaSet's pods alone", async () => {
    const namespace = await plane.namespace();
    await plane.client.create(podsResource, pod("orphan", namespace, { app: "web" }));
    await plane.client.create(replicaSets, replicaSet("web", namespace, 2));
    await eventually(async () => expect(await podsIn(namespace)).toHaveLength(2));
    await plane.client.create(podsResource, pod("other", namespace, { app: "rc" }));
    const made = await plane.client.create(replicationControllers, replicationController("rc", namespace, 1));
    const ownersOf = async (name: string) =>
      (await plane.client.get(podsResource, namespace, name)).metadata.ownerReferences?.map(({ uid }) => uid);
    await eventually(async () => expect(await ownersOf("other")).toEqual([made.metadata.uid]));
    await plane.client.patch(podsResource, namespace, "other", "merge", {
      metadata: { labels: { app: "x" } },
    });
    await eventually(async () => {
      expect(await ownersOf("other")).toBeUndefined();
      expect(await podsIn(namespace)).toHaveLength(4);
    });
  });

  it("tells why pods cannot be made", async () => {
    const namespace = await plane.namespace();
    const wanted = replicationController("web", namespace, 5);
    Object.assign(wanted.spec.template.spec, { serviceAccountName: "missing" });
    await plane.client.create(replicationControllers, wanted);
    await eventually(async () => {
      const [condition] = (await get(namespace, "web")).status!.conditions ?? [];
      expect(condition).toMatchObject({ type: "ReplicaFailure", status: "True", reason: "FailedCreate" });
    });
    await plane.client.create(serviceAccounts, { metadata: { name: "missing", namespace } });
    await eventually(async () => {
      expect(await podsIn(namespace)).toHaveLength(5);
      expect((await get(namespace, "web")).status!.conditions).toBeUndefined();
    });
  });

  it("leaves its pods when it is deleted, unless the client says otherwise", async () => {
    const namespace = await plane.namespace();
    for (const name of ["kept", "gone"])
      await plane.client.create(replicationControllers, replicationController(name, namespace, 2));
    await eventually(async () => expect(await podsIn(namespace)).toHaveLength(4));
    await plane.client.delete(replicationControllers, namespace, "kept");
    await plane.client.delete(replicationControllers, namespace, "gone", { propagationPolicy: "Background" });
    await eventually(async () => {
      const left = await podsIn(namespace);
      expect(left.map(({ metadata }) => [metadata.labels?.app, metadata.ownerReferences])).toEqual([
        ["kept", undefined],
        ["kept", undefined],
      ]);
    });
  });
});
