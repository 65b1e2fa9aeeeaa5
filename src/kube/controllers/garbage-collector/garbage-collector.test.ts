import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  clusterRoles,
  configMaps,
  events,
  nodes,
  pods as podsResource,
  replicaSets as replicaSetsResource,
} from "../../api/index.ts";
import type { KindDefinition, KubeObject, OwnerReference } from "../../api/types.ts";
import { ControlPlane } from "../testing/control-plane.ts";
import { eventually } from "../testing/eventually.ts";
import { node, replicaSet } from "../testing/objects.ts";
import { createGarbageCollector } from "./index.ts";

describe("the garbage collector", () => {
  let plane: ControlPlane;
  let namespace: string;
  beforeAll(async () => {
    plane = await ControlPlane.start();
    await plane.run({ "generic-garbage-collector": createGarbageCollector });
  });
  afterAll(() => plane.stop());
  beforeEach(async () => {
    namespace = await plane.namespace();
  });

  const reference = (owner: KubeObject, more: Partial<OwnerReference> = {}): OwnerReference => ({
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid,
    ...more,
  });
  const config = (name: string, owners: OwnerReference[] = [], more: object = {}) =>
    plane.client.create(configMaps, {
      metadata: { name, namespace, ...(owners.length > 0 ? { ownerReferences: owners } : {}), ...more },
    });
  const names = async (kind: KindDefinition = configMaps): Promise<string[]> =>
    (await plane.client.list(kind, { namespace })).items.map((one) => one.metadata.name).sort();
  const quiet = () => new Promise((resolve) => setTimeout(resolve, 60));
  const remove = (name: string, propagationPolicy: "Background" | "Foreground" | "Orphan") =>
    plane.client.delete(configMaps, namespace, name, { propagationPolicy });

  it("deletes in the background what an owner leaves behind, and what that leaves behind", async () => {
    const owner = await config("owner");
    const child = await config("child", [reference(owner, { controller: true })]);
    await config("grandchild", [reference(child)]);
    await config("other");
    await remove("owner", "Background");
    await eventually(async () => expect(await names()).toEqual(["other"]));
  });

  it("deletes in the foreground: the owner goes last", async () => {
    const owner = await config("owner");
    await config("child", [reference(owner, { blockOwnerDeletion: true })], {
      finalizers: ["example.com/hold"],
    });
    await config("free", [reference(owner)]);
    await remove("owner", "Foreground");
    await eventually(async () => expect(await names()).toEqual(["child", "owner"]));
    await quiet();
    expect((await plane.client.get(configMaps, namespace, "owner")).metadata.finalizers).toEqual([
      "foregroundDeletion",
    ]);
    await plane.client.patch(configMaps, namespace, "child", "merge", { metadata: { finalizers: null } });
    await eventually(async () => expect(await names()).toEqual([]));
  });

  it("deletes in the foreground through several levels", async () => {
    const top = await config("top");
    const middle = await config("middle", [reference(top, { blockOwnerDeletion: true })]);
    await config("bottom", [reference(middle, { blockOwnerDeletion: true })], {
      finalizers: ["example.com/hold"],
    });
    await remove("top", "Foreground");
    await eventually(async () =>
      expect((await plane.client.get(configMaps, namespace, "middle")).metadata.finalizers).toEqual([
        "foregroundDeletion",
      ]),
    );
    await quiet();
    expect(await names()).toEqual(["bottom", "middle", "top"]);
    await plane.client.patch(configMaps, namespace, "bottom", "merge", { metadata: { finalizers: null } });
    await eventually(async () => expect(await names()).toEqual([]));
  });

  it("does not wait for ever in a ring of owners", async () => {
    const first = await config("first");
    const second = await config("second", [reference(first, { blockOwnerDeletion: true })]);
    await plane.client.patch(configMaps, namespace, "first", "merge", {
      metadata: { ownerReferences: [reference(second, { blockOwnerDeletion: true })] },
    });
    await remove("first", "Foreground");
    await eventually(async () => expect(await names()).toEqual([]));
  });

  it("orphans dependents when told to", async () => {
    const owner = await config("owner");
    const other = await config("other");
    await config("child", [reference(owner), reference(other)]);
    await config("alone", [reference(owner)]);
    await remove("owner", "Orphan");
    await eventually(async () => expect(await names()).toEqual(["alone", "child", "other"]));
    expect((await plane.client.get(configMaps, namespace, "alone")).metadata.ownerReferences).toBeUndefined();
    expect((await plane.client.get(configMaps, namespace, "child")).metadata.ownerReferences).toMatchObject([
      { name: "other" },
    ]);
  });

  it("keeps what still has an owner, without the reference to the one that is gone", async () => {
    const [first, second] = [await config("first"), await config("second")];
    await config("child", [reference(first), reference(second)]);
    await remove("first", "Background");
    await eventually(async () => {
      expect((await plane.client.get(configMaps, namespace, "child")).metadata.ownerReferences).toMatchObject(
        [{ name: "second" }],
      );
    });
  });

  it("knows an owner by its uid and not by its name", async () => {
    const owner = await config("owner");
    await config("child", [reference(owner, { uid: "00000000-0000-0000-0000-000000000000" })]);
    await config("own", [reference(owner)]);
    await eventually(async () => expect(await names()).toEqual(["own", "owner"]));
  });

  it("deletes nothing whose owner's kind is not served", async () => {
    await config("child", [{ apiVersion: "example.com/v1", kind: "Widget", name: "w", uid: "w" }]);
    await quiet();
    expect(await names()).toEqual(["child"]);
  });

  it("collects dependents of cluster-wide owners, and cluster-wide dependents of those", async () => {
    const owner = await plane.client.create(nodes, node(`owner-${namespace}`));
    await config("child", [reference(owner)]);
    const role = { metadata: { name: `role-${namespace}`, ownerReferences: [reference(owner)] }, rules: [] };
    await plane.client.create(clusterRoles, role);
    await plane.client.delete(nodes, undefined, owner.metadata.name);
    await eventually(async () => {
      expect(await names()).toEqual([]);
      await expect(plane.client.get(clusterRoles, undefined, role.metadata.name)).rejects.toMatchObject({
        kind: "NotFound",
      });
    });
  });

  it("never deletes a cluster-wide object for an owner in a namespace", async () => {
    const owner = await config("owner");
    const role = { metadata: { name: `kept-${namespace}`, ownerReferences: [reference(owner)] }, rules: [] };
    await plane.client.create(clusterRoles, role);
    await remove("owner", "Background");
    await quiet();
    expect(
      (await plane.client.get(clusterRoles, undefined, role.metadata.name)).metadata.ownerReferences,
    ).toHaveLength(1);
  });

  it("takes an owner in another namespace for none, says so, and harms nobody else who names it rightly", async () => {
    const owner = await config("owner");
    const right = await config("right", [reference(owner)]);
    const elsewhere = await plane.namespace();
    const wrong = { metadata: { name: "wrong", namespace: elsewhere, ownerReferences: [reference(owner)] } };
    await plane.client.create(configMaps, wrong);
    await eventually(async () =>
      expect((await plane.client.list(configMaps, { namespace: elsewhere })).items).toEqual([]),
    );
    await eventually(async () => {
      const [told] = (await plane.client.list(events, { namespace: elsewhere })).items;
      expect(told).toMatchObject({ reason: "OwnerRefInvalidNamespace", type: "Warning" });
    });
    await plane.client.patch(configMaps, namespace, "right", "merge", { metadata: { labels: { a: "b" } } });
    await quiet();
    expect((await plane.client.get(configMaps, namespace, "right")).metadata.uid).toBe(right.metadata.uid);
  });

  it("deletes a ReplicaSet's pods by cascade, but not with orphan", async () => {
    const set = await plane.client.create(replicaSetsResource, replicaSet("web", namespace, 0));
    const metadata = {
      name: "p",
      namespace,
      labels: { app: "web" },
      ownerReferences: [reference(set, { controller: true })],
    };
    await plane.client.create(podsResource, { metadata, spec: { containers: [{ name: "c", image: "i" }] } });
    await plane.client.delete(replicaSetsResource, namespace, "web", { propagationPolicy: "Orphan" });
    await eventually(async () => expect(await names(replicaSetsResource)).toEqual([]));
    expect(await names(podsResource)).toEqual(["p"]);
  });

  it("does what fell due while it was not there", async () => {
    const other = await ControlPlane.start();
    const space = await other.namespace();
    const owner = await other.client.create(configMaps, { metadata: { name: "owner", namespace: space } });
    await other.client.create(configMaps, {
      metadata: { name: "child", namespace: space, ownerReferences: [reference(owner)] },
    });
    await other.client.delete(configMaps, space, "owner");
    await other.run({ "generic-garbage-collector": createGarbageCollector });
    await eventually(async () =>
      expect((await other.client.list(configMaps, { namespace: space })).items).toEqual([]),
    );
    await other.stop();
  });
});
