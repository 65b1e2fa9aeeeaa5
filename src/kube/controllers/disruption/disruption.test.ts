import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../../base/manual-clock.test-support.ts";
import {
  customResourceDefinitions,
  deployments,
  events,
  type Pod,
  podDisruptionBudgets,
  pods,
  replicaSets,
  replicationControllers,
  statefulSets,
} from "../../api/index.ts";
import type { KindDefinition, OwnerReference } from "../../api/types.ts";
import { controllerReference } from "../owner.ts";
import { ControlPlane } from "../testing/control-plane.ts";
import { eventually } from "../testing/eventually.ts";
import { deployment, pod, replicaSet, replicationController } from "../testing/objects.ts";
import { createDisruptionController } from "./index.ts";

const labels = { app: "web" };

describe("the disruption controller", () => {
  let plane: ControlPlane;
  let namespace: string;
  const clock = new ManualClock(Date.now());
  beforeAll(async () => {
    plane = await ControlPlane.start();
    await plane.run({ "disruption-controller": createDisruptionController }, { clock });
  });
  beforeEach(async () => {
    namespace = await plane.namespace();
  });
  afterAll(() => plane.stop());

  const setReady = (name: string, status: string) =>
    plane.client.patch(
      pods,
      namespace,
      name,
      "strategic",
      { status: { phase: "Running", conditions: [{ type: "Ready", status }] } },
      { subresource: "status" },
    );
  const addPods = async (count: number, owner?: OwnerReference, prefix = "p"): Promise<void> => {
    for (let index = 0; index < count; index++) {
      const { metadata, spec } = pod(`${prefix}-${index}`, namespace, labels, { nodeName: "n1" });
      const ownerReferences = owner ? [owner] : [];
      await plane.client.create(pods, { metadata: { ...metadata, ownerReferences }, spec });
      await setReady(metadata.name, "True");
    }
  };
  const addBudget = (spec: object) =>
    plane.client.create(podDisruptionBudgets, {
      metadata: { name: "b", namespace },
      spec: { selector: { matchLabels: labels }, ...spec },
    });
  const status = async () => (await plane.client.get(podDisruptionBudgets, namespace, "b")).status!;
  const counts = (currentHealthy: number, desiredHealthy: number, expectedPods: number, allowed: number) =>
    eventually(async () =>
      expect(await status()).toMatchObject({
        currentHealthy,
        desiredHealthy,
        expectedPods,
        disruptionsAllowed: allowed,
      }),
    );
  const told = async (reason: string) =>
    (await plane.client.list(events, { namespace })).items
      .filter((one) => one.reason === reason)
      .map(({ type, message }) => [type, message]);

  it("counts pods that are ready and says whether some may go", async () => {
    await addBudget({ minAvailable: 2 });
    await counts(0, 2, 0, 0);
    expect((await status()).conditions).toEqual([
      {
        type: "DisruptionAllowed",
        status: "False",
        reason: "InsufficientPods",
        message: "",
        observedGeneration: 1,
        lastTransitionTime: expect.any(String),
      },
    ]);
    await eventually(async () =>
      expect(await told("NoPods")).toEqual([["Normal", "No matching pods found"]]),
    );
    await addPods(3);
    await counts(3, 2, 3, 1);
    expect((await status()).conditions).toMatchObject([{ status: "True", reason: "SufficientPods" }]);
    await setReady("p-0", "False");
    await counts(2, 2, 3, 0);
    await plane.client.patch(podDisruptionBudgets, namespace, "b", "merge", { spec: { minAvailable: 1 } });
    await counts(2, 1, 3, 1);
    expect((await status()).observedGeneration).toBe(2);
    await plane.client.patch(pods, namespace, "p-1", "merge", { metadata: { labels: { app: "other" } } });
    await counts(1, 1, 2, 0);
  });

  const owners: [string, KindDefinition, (name: string, replicas: number) => object][] = [
    ["ReplicaSet", replicaSets as KindDefinition, (name, n) => replicaSet(name, namespace, n)],
    [
      "ReplicationController",
      replicationControllers as KindDefinition,
      (name, n) => replicationController(name, namespace, n),
    ],
    [
      "StatefulSet",
      statefulSets as KindDefinition,
      (name, n) => replicaSet(name, namespace, n, { serviceName: "s" }),
    ],
  ];
  it.each(owners)("takes percentages of what a %s wants", async (_, kind, objectOf) => {
    const owner = await plane.client.create(kind, objectOf("web", 10) as never);
    await addBudget({ minAvailable: "35%" });
    await addPods(5, controllerReference(owner));
    await counts(5, 4, 10, 1);
    await plane.client.patch(podDisruptionBudgets, namespace, "b", "merge", {
      spec: { minAvailable: null, maxUnavailable: "51%" },
    });
    await counts(5, 4, 10, 1);
    await plane.client.patch(podDisruptionBudgets, namespace, "b", "merge", { spec: { maxUnavailable: 7 } });
    await counts(5, 3, 10, 2);
    await plane.client.patch(podDisruptionBudgets, namespace, "b", "merge", { spec: { maxUnavailable: 70 } });
    await counts(5, 0, 10, 5);
  });

  it("asks a Deployment above the ReplicaSets, and sums several owners", async () => {
    const above = await plane.client.create(deployments, deployment("web", namespace, 4));
    for (const name of ["a", "b"]) {
      const { metadata, spec } = replicaSet(name, namespace, 100);
      const ownerReferences = [controllerReference(above)];
      const set = await plane.client.create(replicaSets, {
        metadata: { ...metadata, ownerReferences },
        spec,
      });
      await addPods(1, controllerReference(set), name);
    }
    const alone = await plane.client.create(replicaSets, replicaSet("alone", namespace, 3));
    await addPods(1, controllerReference(alone), "alone");
    await addBudget({ maxUnavailable: 5 });
    await counts(3, 2, 7, 1);
  });

  it("asks the scale of custom resources, and refuses to guess where there is none", async () => {
    const names = { plural: "fleets", singular: "fleet", kind: "Fleet", listKind: "FleetList" };
    const scale = { specReplicasPath: ".spec.size", statusReplicasPath: ".status.size" };
    const schema = {
      openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
    };
    const version = { name: "v1", served: true, storage: true, schema, subresources: { scale } };
    await plane.client.create(customResourceDefinitions, {
      metadata: { name: "fleets.example.com" },
      spec: { group: "example.com", scope: "Namespaced", names, versions: [version] },
    });
    const kind = await eventually(() => {
      const found = plane.server.api.kinds.findByKind("example.com", "v1", "Fleet");
      expect(found).toBeDefined();
      return found!;
    });
    const fleet = await plane.client.create(kind, {
      metadata: { name: "f", namespace },
      spec: { size: 6 },
    });
    await addPods(3, controllerReference(fleet));
    await addBudget({ maxUnavailable: "50%" });
    await counts(3, 3, 6, 0);
    const owner = { apiVersion: "batch/v1", kind: "Job", name: "j", uid: "u", controller: true };
    await addPods(1, owner, "job");
    await eventually(async () =>
      expect((await status()).conditions).toMatchObject([
        {
          status: "False",
          reason: "SyncFailed",
          message: "jobs.batch does not implement the scale subresource",
        },
      ]),
    );
    await eventually(async () =>
      expect(await told("CalculateExpectedPodCountFailed")).toEqual([
        [
          "Warning",
          "Failed to calculate the number of expected pods: jobs.batch does not implement the scale subresource",
        ],
      ]),
    );
    await plane.client.delete(pods, namespace, "job-0", { gracePeriodSeconds: 0 });
    await counts(3, 3, 6, 0);
    const unknown = { ...owner, apiVersion: "example.com/v2", kind: "None" };
    await addPods(1, unknown, "none");
    await eventually(async () =>
      expect((await status()).conditions).toMatchObject([
        { reason: "SyncFailed", message: 'no matches for kind "None" in version "example.com/v2"' },
      ]),
    );
  });

  it("tells of pods whose owner is gone, that have none, or that have several budgets", async () => {
    await addPods(2);
    await addBudget({ maxUnavailable: 1 });
    await counts(2, 0, 0, 0);
    await eventually(async () =>
      expect(await told("UnmanagedPods")).toEqual([
        [
          "Warning",
          'Pods selected by this PodDisruptionBudget (selector: &LabelSelector{MatchLabels:map[string]string{app: web,},MatchExpressions:[]LabelSelectorRequirement{},}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.',
        ],
      ]),
    );
    const gone = { apiVersion: "apps/v1", kind: "ReplicaSet", name: "gone", uid: "u", controller: true };
    await addPods(1, gone, "orphan");
    await eventually(async () =>
      expect((await status()).conditions).toMatchObject([
        { reason: "SyncFailed", message: 'found no controllers for pod "orphan-0"' },
      ]),
    );
    await plane.client.create(podDisruptionBudgets, {
      metadata: { name: "second", namespace },
      spec: { selector: {}, minAvailable: 1 },
    });
    await setReady("p-0", "False");
    await eventually(async () =>
      expect(await told("MultiplePodDisruptionBudgets")).toContainEqual([
        "Warning",
        `Pod "${namespace}"/"p-0" matches multiple PodDisruptionBudgets.  Chose "b" arbitrarily.`,
      ]),
    );
  });

  it("counts evicted pods as gone, for two minutes", async () => {
    await addPods(3);
    await addBudget({ minAvailable: 1 });
    await counts(3, 1, 3, 2);
    const at = (seconds: number) => new Date(clock.nowMs() + seconds * 1000).toISOString();
    const disruptedPods = { "p-0": at(0), "p-1": at(-300), absent: at(0) };
    await plane.client.patch(
      podDisruptionBudgets,
      namespace,
      "b",
      "merge",
      { status: { disruptionsAllowed: 0, disruptedPods } },
      { subresource: "status" },
    );
    await counts(2, 1, 3, 1);
    expect(Object.keys((await status()).disruptedPods!)).toEqual(["p-0"]);
    const late = [
      ["Warning", `Pod was expected by PDB ${namespace}/${namespace} to be deleted but it wasn't`],
    ];
    await eventually(async () => expect(await told("NotDeleted")).toEqual(late));
    await clock.advance(119_000);
    expect((await status()).currentHealthy).toBe(2);
    await clock.advance(2_000);
    await counts(3, 1, 3, 2);
    expect((await status()).disruptedPods).toBeUndefined();
  });

  it("resets what says that a pod goes where it did not for two minutes", async () => {
    await addPods(3);
    const conditionOf = async (name: string) =>
      ((await plane.client.get(pods, namespace, name)) as Pod).status!.conditions!.find(
        (one) => one.type === "DisruptionTarget",
      );
    const mark = (name: string, reason: string) => {
      const lastTransitionTime = new Date(clock.nowMs()).toISOString();
      const conditions = [{ type: "DisruptionTarget", status: "True", reason, lastTransitionTime }];
      return plane.client.patch(
        pods,
        namespace,
        name,
        "strategic",
        { status: { conditions } },
        { subresource: "status" },
      );
    };
    await mark("p-0", "EvictionByEvictionAPI");
    await mark("p-1", "TerminationByKubelet");
    await mark("p-2", "PreemptionByScheduler");
    await plane.client.delete(pods, namespace, "p-2");
    await clock.advance(110_000);
    expect(await conditionOf("p-0")).toMatchObject({ status: "True" });
    await clock.advance(11_000);
    await eventually(async () => expect((await conditionOf("p-0"))!.status).toBe("False"));
    expect((await conditionOf("p-0"))!.reason).toBeUndefined();
    for (const name of ["p-1", "p-2"]) expect((await conditionOf(name))!.status).toBe("True");
  });
});
