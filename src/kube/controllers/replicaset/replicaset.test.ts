import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Pod } from "../../api/index.ts";
import { events, pods as podsResource, replicaSets as replicaSetsResource } from "../../api/index.ts";
import { ControlPlane, type Running } from "../testing/control-plane.ts";
import { eventually } from "../testing/eventually.ts";
import { HeldEvents } from "../testing/faults.ts";
import { pod, replicaSet } from "../testing/objects.ts";
import { PodActor } from "../testing/pod-actor.ts";
import { createReplicaSetController } from "./index.ts";

const controllers = { "replicaset-controller": createReplicaSetController };

describe("the ReplicaSet controller", () => {
  let plane: ControlPlane;
  let running: Running;
  let actor: PodActor | undefined;
  beforeAll(async () => {
    plane = await ControlPlane.start();
    running = await plane.run(controllers);
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
  const get = (namespace: string, name: string) => plane.client.get(replicaSetsResource, namespace, name);
  const resize = (namespace: string, name: string, replicas: number) =>
    plane.client.patch(replicaSetsResource, namespace, name, "merge", { spec: { replicas } });

  it("makes pods of the template that carry their owner", async () => {
    const namespace = await plane.namespace();
    const metadata = {
      name: "named-by-template",
      labels: { app: "web" },
      annotations: { note: "a" },
      finalizers: ["example.com/hold"],
    };
    const template = { metadata, spec: { containers: [{ name: "c", image: "i" }] } };
    const made = await plane.client.create(
      replicaSetsResource,
      replicaSet("web", namespace, 3, { template }),
    );
    const found = await eventually(async () => {
      const found = await podsIn(namespace);
      expect(found).toHaveLength(3);
      return found;
    });
    for (const one of found) {
      expect(one.metadata).toMatchObject({
        generateName: "web-",
        labels: { app: "web" },
        annotations: { note: "a" },
        finalizers: ["example.com/hold"],
        ownerReferences: [
          {
            apiVersion: "apps/v1",
            kind: "ReplicaSet",
            name: "web",
            uid: made.metadata.uid,
            controller: true,
            blockOwnerDeletion: true,
          },
        ],
      });
      expect(one.metadata.name).toMatch(/^web-[a-z0-9]{5}$/);
    }
    await eventually(async () => {
      const told = (await plane.client.list(events, { namespace })).items.map((one) => one.message).sort();
      expect(told).toEqual(found.map((one) => `Created pod: ${one.metadata.name}`).sort());
    });
  });

  it("says in the status what there is", async () => {
    const namespace = await plane.namespace();
    let isReady = false;
    actor = await PodActor.start(plane.client, { isReady: () => isReady });
    const made = await plane.client.create(
      replicaSetsResource,
      // Times have whole seconds: of one second nothing may be left.
      replicaSet("web", namespace, 2, { minReadySeconds: 2 }),
    );
    await eventually(async () => {
      expect((await podsIn(namespace)).map((one) => one.status!.phase)).toEqual(["Running", "Running"]);
      expect((await get(namespace, "web")).status).toEqual({
        replicas: 2,
        fullyLabeledReplicas: 2,
        observedGeneration: 1,
      });
    });
    isReady = true;
    await actor.look();
    await eventually(async () => expect((await get(namespace, "web")).status!.readyReplicas).toBe(2));
    expect((await get(namespace, "web")).status!.availableReplicas).toBeUndefined();
    await eventually(async () =>
      expect((await get(namespace, "web")).status).toMatchObject({ readyReplicas: 2, availableReplicas: 2 }),
    );
    expect(made.metadata.generation).toBe(1);
  });

  it("gives up pods that are of least use first", async () => {
    const namespace = await plane.namespace();
    const ready = new Set<string>();
    actor = await PodActor.start(plane.client, { isReady: (one) => ready.has(one.metadata.name) });
    await plane.client.create(replicaSetsResource, replicaSet("web", namespace, 4));
    const all = await eventually(async () => {
      const found = await podsIn(namespace);
      expect(found.filter((one) => one.status!.phase === "Running")).toHaveLength(4);
      return found;
    });
    const names = all.map((one) => one.metadata.name);
    for (const name of names.slice(0, 3)) ready.add(name);
    await actor.look();
    await plane.client.patch(podsResource, namespace, names[0]!, "merge", {
      metadata: { annotations: { "controller.kubernetes.io/pod-deletion-cost": "-5" } },
    });
    await eventually(async () => expect((await get(namespace, "web")).status!.readyReplicas).toBe(3));
    const left = async (count: number) => {
      await resize(namespace, "web", count);
      return eventually(async () => {
        const found = (await podsIn(namespace)).map((one) => one.metadata.name);
        expect(found).toHaveLength(count);
        return found.sort();
      });
    };
    expect(await left(3)).toEqual(names.slice(0, 3).sort());
    expect(await left(2)).toEqual(names.slice(1, 3).sort());
    expect(await left(0)).toEqual([]);
  });

  it("adopts orphans that it selects and releases pods that it no longer selects", async () => {
    const namespace = await plane.namespace();
    await plane.client.create(podsResource, pod("orphan", namespace, { app: "web" }));
    const made = await plane.client.create(replicaSetsResource, replicaSet("web", namespace, 2));
    const found = await eventually(async () => {
      const found = await podsIn(namespace);
      expect(found).toHaveLength(2);
      expect(found.every((one) => one.metadata.ownerReferences?.[0]?.uid === made.metadata.uid)).toBe(true);
      return found;
    });
    expect(found.map((one) => one.metadata.name)).toContain("orphan");
    await plane.client.patch(podsResource, namespace, "orphan", "merge", {
      metadata: { labels: { app: "debug" } },
    });
    await eventually(async () => {
      const now = await podsIn(namespace);
      expect(now).toHaveLength(3);
      expect(now.find((one) => one.metadata.name === "orphan")!.metadata.ownerReferences).toBeUndefined();
    });
    // Back again there is one too many, and one goes.
    await plane.client.patch(podsResource, namespace, "orphan", "merge", {
      metadata: { labels: { app: "web" } },
    });
    await eventually(async () => {
      const now = await podsIn(namespace);
      expect(now).toHaveLength(2);
      expect(now.every((one) => one.metadata.ownerReferences?.length === 1)).toBe(true);
    });
  });

  it("leaves pods of others alone, and its own when it is being deleted", async () => {
    const namespace = await plane.namespace();
    const other = { apiVersion: "v1", kind: "ConfigMap", name: "x", uid: "other", controller: true };
    const owned = pod("theirs", namespace, { app: "web" });
    await plane.client.create(podsResource, {
      ...owned,
      metadata: { ...owned.metadata, ownerReferences: [other] },
    });
    await plane.client.create(replicaSetsResource, replicaSet("web", namespace, 1));
    const mine = await eventually(async () => {
      const found = await podsIn(namespace);
      expect(found).toHaveLength(2);
      return found.find((one) => one.metadata.name !== "theirs")!;
    });
    await plane.client.delete(replicaSetsResource, namespace, "web", { propagationPolicy: "Orphan" });
    await plane.client.patch(podsResource, namespace, mine.metadata.name, "json", [
      { op: "remove", path: "/metadata/ownerReferences" },
    ]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    // The deleted one, still held by its finalizer, does not take the pod back.
    expect(
      (await podsIn(namespace)).find((one) => one.metadata.name === mine.metadata.name)!.metadata
        .ownerReferences,
    ).toBeUndefined();
  });

  it("adopts nothing for a ReplicaSet of whose deletion it has not heard yet", async () => {
    const other = await ControlPlane.start();
    const held = new HeldEvents("replicasets");
    await other.run(controllers, { wrapSource: (client) => held.wrap(client) });
    const namespace = await other.namespace();
    await other.client.create(replicaSetsResource, replicaSet("web", namespace, 1));
    const list = async () => (await other.client.list(podsResource, { namespace })).items;
    const [pod] = await eventually(async () => {
      expect(await list()).toHaveLength(1);
      return list();
    });
    const release = held.hold();
    await other.client.delete(replicaSetsResource, namespace, "web", { propagationPolicy: "Orphan" });
    await other.client.patch(podsResource, namespace, pod!.metadata.name, "json", [
      { op: "remove", path: "/metadata/ownerReferences" },
    ]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(
      (await list()).filter((one) => one.metadata.name === pod!.metadata.name)[0]!.metadata.ownerReferences,
    ).toBeUndefined();
    release();
    await other.stop();
  });

  it("replaces pods that failed or are being deleted", async () => {
    const namespace = await plane.namespace();
    actor = await PodActor.start(plane.client);
    await plane.client.create(replicaSetsResource, replicaSet("web", namespace, 2));
    const [first, second] = await eventually(async () => {
      const found = await podsIn(namespace);
      expect(found.filter((one) => one.status!.phase === "Running")).toHaveLength(2);
      return found;
    });
    actor.pause();
    await plane.client.patch(
      podsResource,
      namespace,
      first!.metadata.name,
      "merge",
      { status: { phase: "Failed" } },
      { subresource: "status" },
    );
    await plane.client.delete(podsResource, namespace, second!.metadata.name);
    await eventually(async () => {
      const active = (await podsIn(namespace)).filter((one) => one.status!.phase !== "Failed");
      expect(active).toHaveLength(2);
    });
  });

  it("tells why pods cannot be made, and stops asking after the first", async () => {
    const namespace = await plane.namespace();
    const template = {
      metadata: { labels: { app: "web" } },
      spec: { serviceAccountName: "missing", containers: [{ name: "c", image: "i" }] },
    };
    await plane.client.create(replicaSetsResource, replicaSet("web", namespace, 50, { template }));
    const message = 'pods "web-';
    await eventually(async () => {
      const [condition] = (await get(namespace, "web")).status!.conditions ?? [];
      expect(condition).toMatchObject({ type: "ReplicaFailure", status: "True", reason: "FailedCreate" });
      expect(condition!.message).toContain(message);
    });
    expect(await podsIn(namespace)).toEqual([]);
    await plane.client.create(
      { group: "", version: "v1", resource: "serviceaccounts", kind: "ServiceAccount", namespaced: true },
      { metadata: { name: "missing", namespace } },
    );
    await eventually(async () => {
      expect(await podsIn(namespace)).toHaveLength(50);
      expect((await get(namespace, "web")).status!.conditions).toBeUndefined();
    });
  });

  it("settles without further writes", async () => {
    const namespace = await plane.namespace();
    actor = await PodActor.start(plane.client);
    await plane.client.create(replicaSetsResource, replicaSet("web", namespace, 3));
    await eventually(async () => expect((await get(namespace, "web")).status!.availableReplicas).toBe(3));
    const { resourceVersion } = (await get(namespace, "web")).metadata;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await get(namespace, "web")).metadata.resourceVersion).toBe(resourceVersion);
    expect(running.informers.informer(podsResource).hasSynced).toBe(true);
  });
});
