import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../../base/manual-clock.test-support.ts";
import type { ResourceList } from "../../../formats/index.ts";
import {
  configMaps,
  customResourceDefinitions,
  deployments,
  persistentVolumeClaims,
  pods,
  resourceQuotas,
  secrets,
  services,
} from "../../api/index.ts";
import { ControlPlane } from "../testing/control-plane.ts";
import { reference, type Scenario } from "../testing/convergence.ts";
import { eventually } from "../testing/eventually.ts";
import { itConverges } from "../testing/fault-tests.ts";
import { claim, deployment, pod, service } from "../testing/objects.ts";
import { createResourceQuotaController } from "./index.ts";

const controllers = { "resourcequota-controller": createResourceQuotaController };
const asking = (cpu: string, memory = "1Gi") => ({
  containers: [{ name: "c", image: "i", resources: { requests: { cpu, memory } } }],
});
const quota = (namespace: string, hard: ResourceList, spec: object = {}, name = "q") => ({
  metadata: { name, namespace },
  spec: { hard, ...spec },
});
const configMap = (name: string, namespace: string) => ({ metadata: { name, namespace } });

describe("the quota controller", () => {
  let plane: ControlPlane;
  let namespace: string;
  beforeAll(async () => {
    plane = await ControlPlane.start();
    await plane.run(controllers);
  });
  beforeEach(async () => {
    namespace = await plane.namespace();
  });
  afterAll(() => plane.stop());

  const statusOf = async (name = "q") => (await plane.client.get(resourceQuotas, namespace, name)).status;
  const isUsed = (used: ResourceList, name = "q") =>
    eventually(async () => expect((await statusOf(name))?.used).toEqual(used));
  const now = { gracePeriodSeconds: 0 };

  it("counts what was there before the quota, by all names that the quota has", async () => {
    const { client } = plane;
    await client.create(pods, pod("a", namespace, {}, asking("500m")));
    await client.create(pods, pod("b", namespace, {}, asking("1")));
    await client.create(services, service("s", namespace, { type: "NodePort" }));
    await client.create(persistentVolumeClaims, claim("c", namespace));
    await client.create(deployments, deployment("d", namespace, 1));
    const hard = {
      pods: "9",
      "requests.cpu": "9",
      memory: "9Gi",
      "limits.cpu": "1",
      "services.nodeports": "3",
      "requests.storage": "5Gi",
      "gold.storageclass.storage.k8s.io/requests.storage": "1Gi",
      "count/deployments.apps": "2",
      "count/unicorns.example.com": "1",
      "example.com/opaque": "1",
    };
    await client.create(resourceQuotas, quota(namespace, hard));
    const used = {
      pods: "2",
      "requests.cpu": "1500m",
      memory: "2Gi",
      "limits.cpu": "0",
      "services.nodeports": "1",
      "requests.storage": "1Gi",
      "gold.storageclass.storage.k8s.io/requests.storage": "0",
      "count/deployments.apps": "1",
    };
    await isUsed(used);
    expect((await statusOf())?.hard).toEqual(hard);
  });

  it("gives back what is deleted, what ends and what is changed", async () => {
    const { client } = plane;
    await client.create(
      resourceQuotas,
      quota(namespace, { pods: "2", cpu: "2", "services.loadbalancers": "1", secrets: "1" }),
    );
    await isUsed({ pods: "0", cpu: "0", "services.loadbalancers": "0", secrets: "0" });
    for (const name of ["a", "b"]) await client.create(pods, pod(name, namespace, {}, asking("1")));
    await client.create(services, service("s", namespace, { type: "LoadBalancer" }));
    await client.create(secrets, { metadata: { name: "x", namespace } });
    await isUsed({ pods: "2", cpu: "2", "services.loadbalancers": "1", secrets: "1" });
    await client.delete(pods, namespace, "a", now);
    await client.delete(secrets, namespace, "x");
    await isUsed({ pods: "1", cpu: "1", "services.loadbalancers": "1", secrets: "0" });
    await client.patch(
      pods,
      namespace,
      "b",
      "merge",
      { status: { phase: "Failed" } },
      { subresource: "status" },
    );
    await client.patch(services, namespace, "s", "merge", { spec: { type: "ClusterIP" } });
    await isUsed({ pods: "0", cpu: "0", "services.loadbalancers": "0", secrets: "0" });
    await client.create(pods, pod("c", namespace, {}, asking("2")));
  });

  it("counts by scope", async () => {
    const { client } = plane;
    await client.create(pods, pod("short", namespace, {}, { ...asking("1"), activeDeadlineSeconds: 60 }));
    await client.create(pods, pod("long", namespace));
    const scoped = { short: ["Terminating"], long: ["NotTerminating"], poor: ["BestEffort"] };
    for (const [name, scopes] of Object.entries(scoped))
      await client.create(resourceQuotas, quota(namespace, { pods: "5" }, { scopes }, name));
    for (const name of Object.keys(scoped)) await isUsed({ pods: "1" }, name);
    await client.patch(pods, namespace, "long", "merge", { spec: { activeDeadlineSeconds: 60 } });
    await isUsed({ pods: "2" }, "short");
    await isUsed({ pods: "0" }, "long");
    await isUsed({ pods: "1" }, "poor");
  });

  it("follows the limits", async () => {
    const { client } = plane;
    await client.create(configMaps, configMap("a", namespace));
    await client.create(resourceQuotas, quota(namespace, { pods: "1" }));
    await isUsed({ pods: "0" });
    await client.patch(resourceQuotas, namespace, "q", "merge", {
      spec: { hard: { pods: null, configmaps: "1" } },
    });
    await isUsed({ configmaps: "1" });
    expect((await statusOf())?.hard).toEqual({ configmaps: "1" });
    await expect(client.create(configMaps, configMap("b", namespace))).rejects.toThrow("exceeded quota: q");
  });

  it("counts kinds that come later", async () => {
    const { client } = plane;
    const name = "count/boxes.example.com";
    await client.create(resourceQuotas, quota(namespace, { [name]: "5", pods: "1" }));
    await isUsed({ pods: "0" });
    const schema = { openAPIV3Schema: { type: "object" } };
    await client.create(customResourceDefinitions, {
      metadata: { name: "boxes.example.com" },
      spec: {
        group: "example.com",
        scope: "Namespaced",
        names: { plural: "boxes", singular: "box", kind: "Box", listKind: "BoxList" },
        versions: [{ name: "v1", served: true, storage: true, schema }],
      },
    });
    await isUsed({ pods: "0", [name]: "0" });
    const boxes = { group: "example.com", version: "v1", resource: "boxes", kind: "Box", namespaced: true };
    await eventually(() => client.create(boxes, { metadata: { name: "b", namespace } }));
    await isUsed({ pods: "0", [name]: "1" });
    await client.delete(boxes, namespace, "b");
    await isUsed({ pods: "0", [name]: "0" });
  });

  it("loses nothing and gives out no more than there is while many come and go", async () => {
    const { client } = plane;
    const [workers, rounds, limit] = [8, 6, 10];
    await client.create(resourceQuotas, quota(namespace, { configmaps: String(limit) }));
    await isUsed({ configmaps: "0" });
    let most = 0;
    const make = async (name: string): Promise<void> => {
      try {
        await client.create(configMaps, configMap(name, namespace));
      } catch (error) {
        expect((error as Error).message).toContain("exceeded quota");
        throw error;
      }
      most = Math.max(most, (await client.list(configMaps, { namespace })).items.length);
    };
    // Far more than the limit are made in all, so that what is freed must be given out again.
    const comeAndGo = async (worker: number): Promise<void> => {
      for (let round = 0; round < rounds; round++) {
        const name = `c-${worker}-${round}`;
        await eventually(() => make(name));
        if (round < rounds - 1) await client.delete(configMaps, namespace, name);
      }
    };
    await Promise.all(Array.from({ length: workers }, (_, worker) => comeAndGo(worker)));
    expect(most).toBeLessThanOrEqual(limit);
    await isUsed({ configmaps: String(workers) });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await isUsed({ configmaps: String(workers) });
  });
});

describe("the quota controller in the course of time", () => {
  it("corrects what no event tells it of", async () => {
    const plane = await ControlPlane.start();
    const namespace = await plane.namespace();
    const clock = new ManualClock();
    await plane.run(controllers, { clock });
    const { client } = plane;
    const used = async () => (await client.get(resourceQuotas, namespace, "q")).status?.used;
    await client.create(resourceQuotas, quota(namespace, { configmaps: "5" }));
    await eventually(async () => expect(await used()).toEqual({ configmaps: "0" }));
    await clock.advance(5_000);
    const wrong = { status: { used: { configmaps: "4" } } };
    await client.patch(resourceQuotas, namespace, "q", "merge", wrong, { subresource: "status" });
    await clock.advance(60_000);
    expect(await used()).toEqual({ configmaps: "4" });
    await clock.advance(235_000);
    await eventually(async () => expect(await used()).toEqual({ configmaps: "0" }));
    await plane.stop();
  });
});

describe("the quota controller under faults", () => {
  let plane: ControlPlane;
  let expected: unknown;
  const scenario: Scenario = {
    controllers,
    async play({ client, namespace }) {
      await client.create(configMaps, configMap("old", namespace));
      await client.create(resourceQuotas, quota(namespace, { configmaps: "3", secrets: "5" }));
      const isCounted = () =>
        eventually(async () => {
          const { status } = await client.get(resourceQuotas, namespace, "q");
          expect(status?.used).toHaveProperty("configmaps");
        });
      await isCounted();
      for (const name of ["a", "b"]) await client.create(configMaps, configMap(name, namespace));
      await client.delete(configMaps, namespace, "old");
      await eventually(() => client.create(configMaps, configMap("c", namespace)));
      await client.delete(configMaps, namespace, "a");
      await client.patch(resourceQuotas, namespace, "q", "merge", { spec: { hard: { secrets: null } } });
    },
    async outcome({ client, namespace }) {
      return (await client.get(resourceQuotas, namespace, "q")).status;
    },
  };

  beforeAll(async () => {
    plane = await ControlPlane.start();
    expected = await reference(plane, scenario);
  });
  afterAll(() => plane.stop());

  it("has a reference state", () => {
    expect(expected).toEqual({ hard: { configmaps: "3" }, used: { configmaps: "2" } });
  });

  itConverges(() => ({ plane, scenario, expected }), { writes: 2, events: 8 });
});
