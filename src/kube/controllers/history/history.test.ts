import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ControllerRevision, StatefulSet } from "../../api/index.ts";
import { controllerRevisions, statefulSets } from "../../api/index.ts";
import { createStatefulSetController } from "../statefulset/index.ts";
import { ControlPlane } from "../testing/control-plane.ts";
import { eventually } from "../testing/eventually.ts";
import { podTemplate, statefulSet } from "../testing/objects.ts";
import { revisionHash, revisionName } from "./revision-hash.ts";
import { inOrder, numberAfter, type Revisioned, revisionData, sameData, templateOf } from "./revisioned.ts";

const owner = { spec: { template: podTemplate({ b: "1", a: "<" }) } } as unknown as Revisioned;
const revision = (name: string, number: number, creationTimestamp = "2024-01-01T00:00:00Z") =>
  ({ metadata: { name, creationTimestamp }, revision: number }) as ControllerRevision;

describe("revisions", () => {
  it("have upstream's hash (FNV-1 of the data as Go writes it, and the count)", () => {
    expect(revisionHash({ a: "<" }, 0)).toBe("7649c48bbf");
    expect(revisionHash({ a: "<" }, 1)).toBe("7649c48bbd");
    expect(revisionName("n".repeat(300), "h")).toBe(`${"n".repeat(223)}-h`);
  });

  it("keep the template as a patch that replaces it, whatever order its fields came in", () => {
    const data = revisionData(owner);
    expect(JSON.stringify(data)).toMatch(
      /^{"spec":{"template":{"\$patch":"replace","metadata":{"labels":{"a"/,
    );
    const reordered = { spec: { template: { spec: owner.spec.template.spec, ...data.spec.template } } };
    expect(sameData({ data }, { data: reordered })).toBe(true);
    expect(templateOf(owner, { data } as ControllerRevision)).toEqual(owner.spec.template);
    for (const odd of [undefined, "text", { spec: {} }, { spec: { template: 1 } }])
      expect(templateOf(owner, { data: odd } as ControllerRevision)).toBe(owner.spec.template);
  });

  it("are in the order of their numbers, ages and names", () => {
    const all = [
      revision("c", 2),
      revision("b", 1, "2024-01-02T00:00:00Z"),
      revision("d", 1),
      revision("a", 1),
    ];
    expect(inOrder(all).map(({ metadata }) => metadata.name)).toEqual(["a", "d", "b", "c"]);
    expect(numberAfter(all)).toBe(3);
    expect(numberAfter([])).toBe(1);
  });
});

describe("the history of a set", () => {
  let plane: ControlPlane;
  let namespace: string;
  beforeAll(async () => {
    plane = await ControlPlane.start();
    namespace = await plane.namespace();
    await plane.run({ "statefulset-controller": createStatefulSetController });
  });
  afterAll(() => plane.stop());

  const revisionsOf = async (app: string) =>
    (await plane.client.list(controllerRevisions, { namespace, labelSelector: `app=${app}` })).items;
  const observed = (set: StatefulSet) =>
    eventually(async () => {
      const { metadata, status } = await plane.client.get(statefulSets, namespace, set.metadata.name);
      expect(status!.observedGeneration).toBe(metadata.generation);
      return status!;
    });
  const roll = async (name: string, image: string) =>
    observed(
      await plane.client.patch(statefulSets, namespace, name, "merge", {
        spec: { template: podTemplate({ app: name }, image) },
      }),
    );

  it("is kept within its limit, and says why it changed", async () => {
    const spec = { revisionHistoryLimit: 1 };
    await observed(await plane.client.create(statefulSets, statefulSet("short", namespace, 0, spec)));
    await plane.client.patch(statefulSets, namespace, "short", "merge", {
      metadata: { annotations: { "kubernetes.io/change-cause": "why" } },
    });
    for (const image of ["web:2", "web:3", "web:4"]) await roll("short", image);
    await eventually(async () =>
      expect((await revisionsOf("short")).map((one) => one.revision).sort()).toEqual([3, 4]),
    );
    expect((await revisionsOf("short"))[0]!.metadata.annotations).toEqual({
      "kubernetes.io/change-cause": "why",
    });
  });

  it("steps aside for a revision of another that has the name, and counts that", async () => {
    const first = await plane.client.create(statefulSets, statefulSet("first", namespace, 0));
    const { updateRevision = "" } = await observed(first);
    const taken = await plane.client.get(controllerRevisions, namespace, updateRevision);
    const { name, labels } = taken.metadata;
    await plane.client.delete(statefulSets, namespace, "first", { propagationPolicy: "Orphan" });
    await plane.client.delete(controllerRevisions, namespace, name);
    await plane.client.create(controllerRevisions, {
      metadata: { name, namespace, labels: { ...labels, app: "else" } },
      data: { spec: {} },
      revision: 7,
    });
    await plane.client.patch(statefulSets, namespace, "first", "merge", { metadata: { finalizers: null } });
    await eventually(() =>
      expect(plane.client.get(statefulSets, namespace, "first")).rejects.toThrow("not found"),
    );
    const status = await observed(
      await plane.client.create(statefulSets, statefulSet("first", namespace, 0)),
    );
    expect(status.collisionCount).toBe(1);
    expect(status.updateRevision).not.toBe(name);
    expect(
      (await plane.client.get(controllerRevisions, namespace, name)).metadata.ownerReferences,
    ).toBeUndefined();
  });

  it("makes a revision again that somebody deletes", async () => {
    const { updateRevision = "" } = await observed(
      await plane.client.create(statefulSets, statefulSet("again", namespace, 0)),
    );
    const { metadata } = await plane.client.get(controllerRevisions, namespace, updateRevision);
    await plane.client.delete(controllerRevisions, namespace, updateRevision);
    await eventually(async () => {
      const made = await plane.client.get(controllerRevisions, namespace, updateRevision);
      expect(made.metadata.uid).not.toBe(metadata.uid);
    });
  });
});
