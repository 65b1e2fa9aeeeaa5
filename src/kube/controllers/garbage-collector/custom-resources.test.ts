import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { configMaps, customResourceDefinitions } from "../../api/index.ts";
import type { KubeObject, OwnerReference } from "../../api/types.ts";
import { ControlPlane } from "../testing/control-plane.ts";
import { eventually } from "../testing/eventually.ts";
import { createGarbageCollector } from "./index.ts";

const widgets = {
  group: "example.com",
  version: "v1",
  resource: "widgets",
  kind: "Widget",
  namespaced: true,
};

/** They take no strategic patches. */
describe("the garbage collector, of custom resources", () => {
  let plane: ControlPlane;
  let namespace: string;
  beforeAll(async () => {
    plane = await ControlPlane.start();
    const schema = { openAPIV3Schema: { type: "object" } };
    await plane.client.create(customResourceDefinitions, {
      metadata: { name: "widgets.example.com" },
      spec: {
        group: "example.com",
        scope: "Namespaced",
        names: { plural: "widgets", singular: "widget", kind: "Widget", listKind: "WidgetList" },
        versions: [{ name: "v1", served: true, storage: true, schema }],
      },
    });
    await eventually(() => plane.client.list(widgets));
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
  const widget = (name: string, ownerReferences: OwnerReference[] = [], more: object = {}) =>
    plane.client.create<KubeObject>(widgets, {
      metadata: { name, namespace, ...(ownerReferences.length > 0 ? { ownerReferences } : {}), ...more },
    });
  const config = (name: string, ownerReferences: OwnerReference[]) =>
    plane.client.create(configMaps, { metadata: { name, namespace, ownerReferences } });
  const remove = (name: string, propagationPolicy: "Background" | "Foreground" | "Orphan") =>
    plane.client.delete(widgets, namespace, name, { propagationPolicy });
  /** Those that are left, each with the names of its owners. */
  const left = async () => {
    const all = await Promise.all(
      [widgets, configMaps].map((kind) => plane.client.list(kind, { namespace })),
    );
    return Object.fromEntries(
      all
        .flatMap(({ items }) => items)
        .map(({ metadata }) => [
          metadata.name,
          (metadata.ownerReferences ?? []).map((owner: OwnerReference) => owner.name),
        ]),
    );
  };
  const isLeft = (wanted: object) => eventually(async () => expect(await left()).toEqual(wanted));

  it("deletes in the background what an owner leaves behind", async () => {
    const owner = await widget("owner");
    await widget("child", [reference(owner)]);
    await config("config", [reference(owner)]);
    await remove("owner", "Background");
    await isLeft({});
  });

  it("deletes in the foreground: the owner goes last", async () => {
    const owner = await widget("owner");
    await widget("child", [reference(owner, { blockOwnerDeletion: true })], {
      finalizers: ["example.com/a"],
    });
    await remove("owner", "Foreground");
    await eventually(async () => {
      const child = await plane.client.get(widgets, namespace, "child");
      expect(child.metadata.deletionTimestamp).toBeDefined();
    });
    expect(Object.keys(await left())).toContain("owner");
    await plane.client.patch(widgets, namespace, "child", "merge", { metadata: { finalizers: null } });
    await isLeft({});
  });

  it("makes orphans of them, which keep their other owners", async () => {
    const [owner, other] = [await widget("owner"), await widget("other")];
    await widget("child", [reference(owner), reference(other)]);
    await config("config", [reference(owner)]);
    await remove("owner", "Orphan");
    await isLeft({ other: [], child: ["other"], config: [] });
  });

  it("takes away an owner that is gone where another one is there", async () => {
    const [owner, other] = [await widget("owner"), await widget("other")];
    await widget("child", [reference(owner), reference(other)]);
    await remove("owner", "Background");
    await isLeft({ other: [], child: ["other"] });
  });

  it("is not blocked by a ring of owners", async () => {
    const a = await widget("a");
    const b = await widget("b", [reference(a, { blockOwnerDeletion: true })]);
    await plane.client.patch(widgets, namespace, "a", "merge", {
      metadata: { ownerReferences: [reference(b, { blockOwnerDeletion: true })] },
    });
    await remove("a", "Foreground");
    await isLeft({});
  });
});
