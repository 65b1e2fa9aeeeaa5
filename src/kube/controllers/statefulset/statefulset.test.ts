import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../../base/manual-clock.test-support.ts";
import type { Pod, StatefulSet } from "../../api/index.ts";
import {
  controllerRevisions,
  events,
  persistentVolumeClaims,
  pods as podsResource,
  statefulSets,
} from "../../api/index.ts";
import type { KubeClient } from "../../client/index.ts";
import { createGarbageCollector } from "../garbage-collector/index.ts";
import { createPvcProtectionController } from "../pvc-protection/index.ts";
import { ControlPlane } from "../testing/control-plane.ts";
import { eventually } from "../testing/eventually.ts";
import { HeldEvents, withoutEvents } from "../testing/faults.ts";
import { claim, pod, podTemplate, statefulSet } from "../testing/objects.ts";
import { PodActor } from "../testing/pod-actor.ts";
import { createStatefulSetController } from "./index.ts";

describe("the StatefulSet controller", () => {
  let plane: ControlPlane;
  let actor: PodActor;
  let namespace: string;
  let isReady: (pod: Pod) => boolean;

  beforeAll(async () => {
    plane = await ControlPlane.start();
    await plane.run({
      "statefulset-controller": createStatefulSetController,
      "generic-garbage-collector": createGarbageCollector,
      "pvc-protection-controller": createPvcProtectionController,
    });
  });
  afterAll(() => plane.stop());
  beforeEach(async () => {
    namespace = await plane.namespace();
    isReady = () => true;
    actor = await PodActor.start(plane.client, { isReady: (one) => isReady(one) });
  });
  afterEach(() => actor.stop());

  const create = (replicas: number, spec: object = {}, name = "web"): Promise<StatefulSet> =>
    plane.client.create(statefulSets, statefulSet(name, namespace, replicas, spec));
  const get = (name = "web") => plane.client.get(statefulSets, namespace, name);
  const change = (spec: object) => plane.client.patch(statefulSets, namespace, "web", "merge", { spec });
  const roll = (image: string) => change({ template: podTemplate({ app: "web" }, image) });
  const podsNow = async () => (await plane.client.list(podsResource, { namespace })).items;
  const names = async () => (await podsNow()).map(({ metadata }) => metadata.name);
  const images = async () =>
    Object.fromEntries((await podsNow()).map((one) => [one.metadata.name, one.spec.containers[0]!.image]));
  const until = (status: object, name = "web") =>
    eventually(async () => {
      const set = await get(name);
      expect(set.status).toMatchObject(status);
      return set;
    });
  const news = async () => {
    const { items } = await plane.client.list(events, { namespace });
    return items.map(({ type, reason, message }) => `${type} ${reason}: ${message}`);
  };
  /** Long enough for a pass that should not happen. */
  const pause = () => new Promise((resolve) => setTimeout(resolve, 60));

  it("makes one pod after the other, each with its name, labels, host name and revision", async () => {
    isReady = (one) => one.metadata.name !== "web-1";
    const made = await create(3, { ordinals: { start: 0 } });
    await until({ replicas: 2, readyReplicas: 1 });
    await pause();
    expect(await names()).toEqual(["web-0", "web-1"]);
    isReady = () => true;
    await actor.look();
    const { status } = await until({ replicas: 3, readyReplicas: 3, currentReplicas: 3, updatedReplicas: 3 });
    expect(status).toMatchObject({ observedGeneration: 1, availableReplicas: 3, collisionCount: 0 });
    expect(status!.currentRevision).toMatch(/^web-[a-z0-9]+$/);
    expect(status!.updateRevision).toBe(status!.currentRevision);
    const last = (await podsNow())[2]!;
    expect(last).toMatchObject({
      metadata: {
        name: "web-2",
        generateName: "web-",
        labels: {
          app: "web",
          "statefulset.kubernetes.io/pod-name": "web-2",
          "apps.kubernetes.io/pod-index": "2",
          "controller-revision-hash": status!.currentRevision,
        },
        ownerReferences: [{ kind: "StatefulSet", uid: made.metadata.uid, controller: true }],
      },
      spec: { hostname: "web-2", subdomain: "web" },
    });
    await eventually(async () =>
      expect((await news()).sort()).toEqual(
        [0, 1, 2].map((at) => `Normal SuccessfulCreate: create Pod web-${at} in StatefulSet web successful`),
      ),
    );
    const { items } = await plane.client.list(controllerRevisions, { namespace });
    expect(items).toMatchObject([
      {
        metadata: {
          name: status!.currentRevision,
          labels: {
            app: "web",
            "controller.kubernetes.io/hash": status!.currentRevision!.slice("web-".length),
          },
          ownerReferences: [{ uid: made.metadata.uid }],
        },
        revision: 1,
        data: { spec: { template: { $patch: "replace", metadata: { labels: { app: "web" } } } } },
      },
    ]);
  });

  it("numbers from where it is told, and goes down from the highest number", async () => {
    await create(3, { ordinals: { start: 5 } });
    await until({ readyReplicas: 3 });
    expect(await names()).toEqual(["web-5", "web-6", "web-7"]);
    actor.pause();
    await plane.client.patch(
      statefulSets,
      namespace,
      "web",
      "merge",
      { spec: { replicas: 1 } },
      { subresource: "scale" },
    );
    await eventually(async () => {
      const going = (await podsNow()).filter(({ metadata }) => metadata.deletionTimestamp);
      expect(going.map(({ metadata }) => metadata.name)).toEqual(["web-7"]);
    });
    await pause();
    expect((await podsNow()).filter(({ metadata }) => metadata.deletionTimestamp)).toHaveLength(1);
    await actor.look();
    await until({ replicas: 1, readyReplicas: 1 });
    expect(await names()).toEqual(["web-5"]);
    await change({ ordinals: { start: 0 } });
    await eventually(async () => expect(await names()).toEqual(["web-0"]));
  });

  it("makes and deletes all at once where it need not keep an order", async () => {
    isReady = () => false;
    await create(4, { podManagementPolicy: "Parallel" });
    await until({ replicas: 4 });
    await change({ replicas: 1 });
    await until({ replicas: 1 });
    expect(await names()).toEqual(["web-0"]);
  });

  it("waits until a pod has been ready for long enough", async () => {
    await create(2, { minReadySeconds: 2 });
    await until({ replicas: 1, readyReplicas: 1, availableReplicas: 0 });
    await until({ replicas: 2, readyReplicas: 2, availableReplicas: 2 });
  });

  it("rolls from the last pod to the partition, and keeps pods below it at their revision", async () => {
    await create(3, { updateStrategy: { rollingUpdate: { partition: 2 } } });
    const { status: before } = await until({ readyReplicas: 3 });
    await roll("web:2");
    const { status: after } = await until({ updatedReplicas: 1, currentReplicas: 2, readyReplicas: 3 });
    expect(after!.currentRevision).toBe(before!.currentRevision);
    expect(after!.updateRevision).not.toBe(before!.currentRevision);
    expect(await images()).toEqual({ "web-0": "web:1", "web-1": "web:1", "web-2": "web:2" });
    for (const name of ["web-0", "web-2"]) await plane.client.delete(podsResource, namespace, name);
    await eventually(async () =>
      expect(await images()).toEqual({ "web-0": "web:1", "web-1": "web:1", "web-2": "web:2" }),
    );
    await change({ updateStrategy: { rollingUpdate: { partition: 0 } } });
    await until({ updatedReplicas: 3, currentReplicas: 3, currentRevision: after!.updateRevision! });
    expect(await images()).toEqual({ "web-0": "web:2", "web-1": "web:2", "web-2": "web:2" });
  });

  it("stops at a pod that does not get well, and goes back to a revision that there was", async () => {
    await create(3);
    const { status: first } = await until({ readyReplicas: 3, updatedReplicas: 3 });
    isReady = (one) => one.spec.containers[0]!.image !== "broken";
    await roll("broken");
    await until({ readyReplicas: 2, updatedReplicas: 1, replicas: 3 });
    await pause();
    expect(await images()).toEqual({ "web-0": "web:1", "web-1": "web:1", "web-2": "broken" });
    await roll("web:1");
    await until({ updateRevision: first!.updateRevision!, updatedReplicas: 2 });
    // As upstream, the broken pod of an ordered set has to be deleted by hand.
    await plane.client.delete(podsResource, namespace, "web-2");
    await until({ readyReplicas: 3, updatedReplicas: 3, currentRevision: first!.updateRevision! });
    const revisions = (await plane.client.list(controllerRevisions, { namespace })).items;
    expect(revisions.map(({ revision }) => revision).sort()).toEqual([2, 3]);
  });

  it("leaves outdated pods to whoever deletes them where it is told so", async () => {
    await create(2, { updateStrategy: { type: "OnDelete" } });
    await until({ readyReplicas: 2 });
    await roll("web:2");
    await until({ observedGeneration: 2 });
    await pause();
    expect(Object.values(await images())).toEqual(["web:1", "web:1"]);
    await plane.client.delete(podsResource, namespace, "web-0");
    await eventually(async () => expect(await images()).toEqual({ "web-0": "web:2", "web-1": "web:1" }));
  });

  it("makes pods that ended anew", async () => {
    await create(1);
    await until({ readyReplicas: 1 });
    for (const phase of ["Failed", "Succeeded"]) {
      const [before] = await podsNow();
      await plane.client.patch(
        podsResource,
        namespace,
        "web-0",
        "merge",
        { status: { phase } },
        { subresource: "status" },
      );
      await eventually(async () => {
        const [now] = await podsNow();
        expect(now?.metadata.uid).not.toBe(before!.metadata.uid);
        expect(now?.status?.phase).toBe("Running");
      });
    }
  });

  it("puts right what others write into the counts of its status, and leaves conditions alone", async () => {
    await create(1);
    const { status } = await until({ readyReplicas: 1 });
    const conditions = [{ type: "Mine", status: "True" }];
    await plane.client.patch(
      statefulSets,
      namespace,
      "web",
      "merge",
      { status: { replicas: 7, conditions } },
      { subresource: "status" },
    );
    await until({ ...status, conditions });
    await pause();
    await until({ ...status, conditions });
  });

  it("adopts pods of its names, and releases them", async () => {
    const first = await create(1);
    await until({ readyReplicas: 1 });
    await plane.client.create(podsResource, pod("other", namespace, { app: "web" }));
    const uidOf = async (name: string) =>
      (await plane.client.get(podsResource, namespace, name)).metadata.uid;
    const ownersOf = async (name: string) =>
      (await plane.client.get(podsResource, namespace, name)).metadata.ownerReferences?.map(({ uid }) => uid);
    await plane.client.delete(statefulSets, namespace, "web", { propagationPolicy: "Orphan" });
    await eventually(async () => expect(await ownersOf("web-0")).toBeUndefined());
    const revisionsNow = async () => (await plane.client.list(controllerRevisions, { namespace })).items;
    await eventually(async () => expect((await revisionsNow())[0]!.metadata.ownerReferences).toBeUndefined());
    // The name is the set's until the last of its dependents is orphaned.
    await eventually(() => expect(get()).rejects.toMatchObject({ kind: "NotFound" }));
    const uid = await uidOf("web-0");
    const { metadata } = await create(1);
    expect(metadata.uid).not.toBe(first.metadata.uid);
    await eventually(async () => expect(await ownersOf("web-0")).toEqual([metadata.uid]));
    await until({ readyReplicas: 1, updatedReplicas: 1 });
    expect((await revisionsNow()).map((one) => one.metadata.ownerReferences?.[0]?.uid)).toEqual([
      metadata.uid,
    ]);
    expect(await ownersOf("other")).toBeUndefined();
    expect(await uidOf("web-0")).toBe(uid);
    await plane.client.patch(podsResource, namespace, "web-0", "merge", {
      metadata: { labels: { app: "x", "statefulset.kubernetes.io/pod-name": null } },
    });
    await eventually(async () => expect(await ownersOf("web-0")).toBeUndefined());
    // Its name is taken until it goes.
    await plane.client.delete(podsResource, namespace, "web-0");
    await eventually(async () => expect(await ownersOf("web-0")).toEqual([metadata.uid]));
  });

  it("does not fight for pods of another set or for a name that is taken", async () => {
    const template = podTemplate({ app: "web" });
    await create(1, { template });
    await create(1, { template, selector: { matchLabels: { app: "web" } } }, "web-too");
    await until({ readyReplicas: 1 });
    await until({ readyReplicas: 1 }, "web-too");
    const taken = pod("taken-0", namespace, { app: "none" });
    await plane.client.create(podsResource, taken);
    await create(1, {}, "taken");
    await until({ replicas: 0, observedGeneration: 1 }, "taken");
    const before = (await get("taken")).metadata.resourceVersion;
    await pause();
    expect((await get("taken")).metadata.resourceVersion).toBe(before);
    expect((await names()).sort()).toEqual(["taken-0", "web-0", "web-too-0"]);
    await plane.client.delete(podsResource, namespace, "taken-0");
    await until({ readyReplicas: 1 }, "taken");
  });

  it("does not wait for good for a pod that came and went unseen", async () => {
    const other = await ControlPlane.start();
    const clock = new ManualClock();
    let isBlind = true;
    const wrapSource = (client: KubeClient) => withoutEvents(client, "pods", () => isBlind);
    await other.run({ "statefulset-controller": createStatefulSetController }, { clock, wrapSource });
    const at = await other.namespace();
    await other.client.create(statefulSets, statefulSet("web", at, 1));
    const uid = async () => (await other.client.get(podsResource, at, "web-0")).metadata.uid;
    const first = await eventually(uid);
    await other.client.delete(podsResource, at, "web-0", { gracePeriodSeconds: 0 });
    isBlind = false;
    await clock.advance(60_000);
    await expect(uid()).rejects.toThrow("not found");
    await clock.advance(300_000);
    expect(await eventually(uid)).not.toBe(first);
    await other.stop();
  });

  describe("of the claims", () => {
    const withClaims = {
      volumeClaimTemplates: [{ ...claim("data", ""), metadata: { name: "data", labels: { a: "b" } } }],
    };
    const claimsNow = async () => (await plane.client.list(persistentVolumeClaims, { namespace })).items;

    it("makes those of a pod before it, and keeps them when the pod is no longer asked for", async () => {
      await create(2, withClaims);
      await until({ readyReplicas: 2 });
      const [first] = await podsNow();
      expect(first!.spec.volumes).toContainEqual({
        name: "data",
        persistentVolumeClaim: { claimName: "data-web-0" },
      });
      await change({ replicas: 1 });
      await until({ replicas: 1 });
      expect(
        (await claimsNow()).map(({ metadata }) => [metadata.name, metadata.labels, metadata.ownerReferences]),
      ).toEqual([
        ["data-web-0", { a: "b", app: "web" }, undefined],
        ["data-web-1", { a: "b", app: "web" }, undefined],
      ]);
      await eventually(async () =>
        expect(await news()).toContain(
          "Normal SuccessfulCreate: create Claim data-web-0 Pod web-0 in StatefulSet web success",
        ),
      );
    });

    it("gives them their owner however late it hears of them", async () => {
      const other = await ControlPlane.start();
      const held = new HeldEvents("persistentvolumeclaims");
      await other.run(
        { "statefulset-controller": createStatefulSetController },
        { wrapSource: (client) => held.wrap(client) },
      );
      const itsActor = await PodActor.start(other.client);
      const at = await other.namespace();
      const release = held.hold();
      const policy = { persistentVolumeClaimRetentionPolicy: { whenDeleted: "Delete" } };
      await other.client.create(statefulSets, statefulSet("web", at, 1, { ...withClaims, ...policy }));
      const { metadata } = await eventually(async () => {
        const set = await other.client.get(statefulSets, at, "web");
        expect(set.status).toMatchObject({ readyReplicas: 1, availableReplicas: 1 });
        return set;
      });
      release();
      await eventually(async () => {
        const { ownerReferences } = (await other.client.get(persistentVolumeClaims, at, "data-web-0"))
          .metadata;
        expect(ownerReferences).toMatchObject([{ uid: metadata.uid }]);
      });
      await itsActor.stop();
      await other.stop();
    });

    it("lets them go with the pods that are no longer asked for, or with itself", async () => {
      const policy = { whenScaled: "Delete", whenDeleted: "Delete" };
      await create(2, { ...withClaims, persistentVolumeClaimRetentionPolicy: policy });
      const set = await until({ readyReplicas: 2 });
      await eventually(async () =>
        expect((await claimsNow()).map(({ metadata }) => metadata.ownerReferences?.[0]?.uid)).toEqual([
          set.metadata.uid,
          set.metadata.uid,
        ]),
      );
      await change({ replicas: 1 });
      await eventually(async () =>
        expect((await claimsNow()).map(({ metadata }) => metadata.name)).toEqual(["data-web-0"]),
      );
      await change({ replicas: 2 });
      await until({ readyReplicas: 2 });
      await plane.client.delete(statefulSets, namespace, "web");
      await eventually(async () => expect(await claimsNow()).toEqual([]));
    });

    it("makes no pod while a claim of its name is on its way out", async () => {
      const held = {
        ...claim("data-web-0", namespace),
        metadata: { name: "data-web-0", namespace, finalizers: ["example.com/hold"] },
      };
      await plane.client.create(persistentVolumeClaims, held);
      await plane.client.delete(persistentVolumeClaims, namespace, "data-web-0");
      await create(1, withClaims);
      await eventually(async () =>
        expect(await news()).toContain(
          "Warning FailedCreate: create Pod web-0 in StatefulSet web failed error: pvc data-web-0 is being deleted",
        ),
      );
      expect(await names()).toEqual([]);
      await plane.client.patch(persistentVolumeClaims, namespace, "data-web-0", "merge", {
        metadata: { finalizers: null },
      });
      await until({ readyReplicas: 1 });
    });
  });
});
