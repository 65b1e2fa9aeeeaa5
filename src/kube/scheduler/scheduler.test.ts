import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger, systemClock } from "../../base/index.ts";
import type { Pod } from "../api/index.ts";
import { events, nodes, pods as podsResource, priorityClasses } from "../api/index.ts";
import type { KubeObject } from "../api/types.ts";
import { startTestServer, type TestServer } from "../apiserver/testing/start-test-server.ts";
import { createEventRecorder, createInformerFactory, type KubeClient } from "../client/index.ts";
import { eventually } from "../controllers/testing/eventually.ts";
import { createScheduler } from "./index.ts";

const asScheduler = { name: "system:kube-scheduler", groups: ["system:authenticated"] };

describe("the scheduler on a real API server", () => {
  let server: TestServer;
  let stop: (() => Promise<void>) | undefined;
  beforeEach(async () => {
    server = await startTestServer();
  });
  afterEach(async () => {
    await stop?.();
    stop = undefined;
    await server.stop();
  });

  const start = async (wrap: (client: KubeClient) => KubeClient = (client) => client): Promise<void> => {
    const over = new AbortController();
    const client = server.as(asScheduler);
    const informers = createInformerFactory(client, { logger: silentLogger });
    const recorder = createEventRecorder({
      client,
      component: "default-scheduler",
      clock: systemClock,
      logger: silentLogger,
    });
    const service = createScheduler({
      client: wrap(client),
      informers,
      recorderFor: () => recorder,
      logger: silentLogger,
      clock: systemClock,
    });
    const work = [informers.run(over.signal), service.run({ signal: over.signal, ready: () => {} })];
    stop = async () => {
      over.abort();
      await Promise.all(work);
      await recorder.stop();
    };
  };
  const addNode = async (
    name: string,
    spec: { taints?: object[]; unschedulable?: boolean } = {},
    cpu = "2",
  ): Promise<void> => {
    await server.client.create(nodes, {
      metadata: { name, labels: { "kubernetes.io/hostname": name } },
      spec,
    });
    // The node controller, which would find it ready, does not run here.
    await server.client.patch(nodes, undefined, name, "merge", { spec: { taints: spec.taints ?? null } });
    const allocatable = { cpu, memory: "4Gi", pods: "110" };
    await server.client.patch(
      nodes,
      undefined,
      name,
      "merge",
      { status: { capacity: allocatable, allocatable } },
      { subresource: "status" },
    );
  };
  const addPod = (name: string, cpu = "100m", spec: object = {}, labels: Record<string, string> = {}) =>
    server.client.create(podsResource, {
      metadata: { name, namespace: "default", labels },
      spec: { containers: [{ name: "c", image: "i", resources: { requests: { cpu } } }], ...spec },
    });
  const get = (name: string): Promise<Pod> => server.client.get(podsResource, "default", name);
  const nodeOf = async (name: string): Promise<string | undefined> => (await get(name)).spec.nodeName;
  const placed = (name: string) => eventually(async () => expect(await nodeOf(name)).toBeDefined());
  const condition = async (name: string) =>
    (await get(name)).status!.conditions?.find((one) => one.type === "PodScheduled");
  const waits = (name: string) =>
    eventually(async () => expect(await condition(name)).toMatchObject({ status: "False" }));

  it("binds pods, and tells so", async () => {
    await addNode("a");
    await start();
    await addPod("p");
    await placed("p");
    expect(await condition("p")).toMatchObject({ status: "True" });
    await eventually(async () => {
      const [told] = (await server.client.list(events, { namespace: "default" })).items;
      expect(told).toMatchObject({
        reason: "Scheduled",
        message: "Successfully assigned default/p to a",
        source: { component: "default-scheduler" },
      });
    });
  });

  it("tells why a pod fits nowhere, and places it when a node comes", async () => {
    await start();
    await addPod("p", "1");
    await waits("p");
    expect(await condition("p")).toMatchObject({
      reason: "Unschedulable",
      message: "no nodes available to schedule pods",
    });
    await addNode("small", {}, "500m");
    await eventually(async () =>
      expect((await condition("p"))!.message).toBe(
        "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.",
      ),
    );
    await addNode("large");
    await placed("p");
    expect(await nodeOf("p")).toBe("large");
    const told = (await server.client.list(events, { namespace: "default" })).items.map((one) => one.reason);
    expect(told).toContain("FailedScheduling");
  });

  it("places waiting pods when room is freed, a taint or a cordon goes, or labels come", async () => {
    await addNode("a", {}, "1");
    await addNode("b", { unschedulable: true });
    await addNode("c", { taints: [{ key: "k", effect: "NoSchedule" }] });
    await start();
    await addPod("first", "1");
    await placed("first");
    await addPod("room", "1", { nodeSelector: { "kubernetes.io/hostname": "a" } });
    await addPod("cordon", "1", { nodeSelector: { "kubernetes.io/hostname": "b" } });
    await addPod("taint", "1", { nodeSelector: { "kubernetes.io/hostname": "c" } });
    await addPod("label", "100m", { nodeSelector: { disk: "ssd" } });
    for (const name of ["room", "cordon", "taint", "label"]) await waits(name);
    await server.client.delete(podsResource, "default", "first", { gracePeriodSeconds: 0 });
    await placed("room");
    await server.client.patch(nodes, undefined, "b", "merge", { spec: { unschedulable: null } });
    await placed("cordon");
    await server.client.patch(nodes, undefined, "c", "merge", {
      spec: { taints: null },
      metadata: { labels: { disk: "ssd" } },
    });
    await placed("taint");
    await placed("label");
    expect(await nodeOf("label")).toBe("c");
  });

  it("frees the room of pods that have ended", async () => {
    await addNode("a", {}, "1");
    await start();
    await addPod("first", "1");
    await placed("first");
    await addPod("next", "1");
    await waits("next");
    await server.client.patch(
      podsResource,
      "default",
      "first",
      "merge",
      { status: { phase: "Succeeded" } },
      { subresource: "status" },
    );
    await placed("next");
  });

  it("frees what a pod is resized to do without, and no more", async () => {
    await addNode("a", {}, "1");
    await start();
    await addPod("first", "1");
    await placed("first");
    const container = (await server.client.get(podsResource, "default", "first")).spec.containers[0]!.name;
    const tell = (amount: string) =>
      server.client.patch(
        podsResource,
        "default",
        "first",
        "strategic",
        {
          status: {
            containerStatuses: [
              {
                name: container,
                image: "i",
                imageID: "",
                ready: true,
                restartCount: 0,
                state: { running: {} },
                allocatedResources: { cpu: amount },
                resources: { requests: { cpu: amount } },
              },
            ],
          },
        },
        { subresource: "status" },
      );
    await tell("1");
    await addPod("next", "600m");
    await waits("next");
    await server.client.patch(
      podsResource,
      "default",
      "first",
      "strategic",
      { spec: { containers: [{ name: container, resources: { requests: { cpu: "400m" } } }] } },
      { subresource: "resize" },
    );
    await waits("next");
    await tell("400m");
    await placed("next");
  });

  it("leaves gated pods and those of other schedulers alone, until the gate is gone", async () => {
    await addNode("a");
    await start();
    await addPod("gated", "100m", { schedulingGates: [{ name: "example.com/wait" }] });
    await addPod("foreign", "100m", { schedulerName: "mine" });
    await addPod("p");
    await placed("p");
    expect([await nodeOf("gated"), await nodeOf("foreign")]).toEqual([undefined, undefined]);
    expect(await condition("gated")).toMatchObject({ status: "False", reason: "SchedulingGated" });
    await server.client.patch(podsResource, "default", "gated", "merge", { spec: { schedulingGates: [] } });
    await placed("gated");
  });

  it("never gives out the same room twice, not even before its bindings are seen", async () => {
    await addNode("a", {}, "1");
    await addNode("b", {}, "1");
    await start();
    await Promise.all(Array.from({ length: 40 }, (_, index) => addPod(`p-${index}`)));
    await eventually(async () => {
      const all = (await server.client.list(podsResource, { namespace: "default" })).items;
      const on = (name: string) => all.filter((one) => one.spec.nodeName === name).length;
      expect([on("a"), on("b")]).toEqual([10, 10]);
      expect(
        all.filter((one) => one.status!.conditions?.some((entry) => entry.reason === "Unschedulable")),
      ).toHaveLength(20);
    });
  });

  it("tries again when a binding fails, and gives its room back", async () => {
    await addNode("a", {}, "1");
    let failures = 0;
    await start(
      (client) =>
        new Proxy(client, {
          get: (target, name: keyof KubeClient) => {
            if (name !== "createSubresource" || failures++ > 0)
              return (target[name] as () => unknown).bind(target);
            return () => Promise.reject(new Error("the connection broke"));
          },
        }),
    );
    await addPod("p", "1");
    await placed("p");
    expect(failures).toBe(2);
  });

  it("gives way to somebody else who was faster", async () => {
    await addNode("a", {}, "1");
    await addNode("b", {}, "1");
    let raced = false;
    await start(
      (client) =>
        new Proxy(client, {
          get: (target, name: keyof KubeClient) => {
            if (name !== "createSubresource" || raced) return (target[name] as () => unknown).bind(target);
            return async (...args: Parameters<KubeClient["createSubresource"]>) => {
              raced = true;
              const [resource, namespace, pod, subresource, body] = args;
              const other = (body as KubeObject).target.name === "a" ? "b" : "a";
              await server.client.createSubresource(resource, namespace, pod, subresource, {
                ...body,
                target: { kind: "Node", name: other },
              });
              return target.createSubresource(...args);
            };
          },
        }),
    );
    await addPod("p", "1");
    await placed("p");
    // The room that had been reserved on the other node is free: both have one.
    await addPod("q", "1");
    await placed("q");
    expect(new Set([await nodeOf("p"), await nodeOf("q")])).toEqual(new Set(["a", "b"]));
  });

  it("places a waiting pod when it is changed so that it fits", async () => {
    await addNode("a", { taints: [{ key: "k", effect: "NoSchedule" }] });
    await start();
    await addPod("p");
    await waits("p");
    await server.client.patch(podsResource, "default", "p", "merge", {
      spec: { tolerations: [...(await get("p")).spec.tolerations!, { key: "k", operator: "Exists" }] },
    });
    await placed("p");
  });

  describe("with pods that are more important", () => {
    const addImportant = async (name: string, value: number): Promise<void> => {
      await server.client.create(priorityClasses, { metadata: { name }, value });
    };
    const going = (name: string) =>
      eventually(async () => expect((await get(name)).metadata.deletionTimestamp).toBeDefined());
    const remove = (name: string) =>
      server.client.delete(podsResource, "default", name, { gracePeriodSeconds: 0 });
    beforeEach(async () => {
      await addImportant("middle", 10);
      await addImportant("high", 100);
    });

    it("drives out the less important, waits for them, and lets nobody else have the place", async () => {
      await addNode("a", {}, "1");
      await start();
      await addPod("low", "600m");
      await placed("low");
      await addPod("vip", "900m", { priorityClassName: "high" });
      await going("low");
      const vip = await eventually(async () => {
        const one = await get("vip");
        expect(one.status!.nominatedNodeName).toBe("a");
        return one;
      });
      expect(await condition("vip")).toMatchObject({
        reason: "Unschedulable",
        message: "0/1 nodes are available: 1 Insufficient cpu.",
      });
      const low = await get("low");
      expect(low.status!.conditions).toContainEqual(
        expect.objectContaining({
          type: "DisruptionTarget",
          status: "True",
          reason: "PreemptionByScheduler",
          message: "default-scheduler: preempting to accommodate a higher priority pod",
        }),
      );
      await eventually(async () => {
        const all = (await server.client.list(events, { namespace: "default" })).items;
        expect(all.find((one) => one.reason === "Preempted")).toMatchObject({
          involvedObject: { name: "low" },
          message: `Preempted by pod ${vip.metadata.uid} on node a`,
        });
      });
      await addPod("other", "200m", { priorityClassName: "middle" });
      await waits("other");
      await remove("low");
      await placed("vip");
      expect(await nodeOf("other")).toBeUndefined();
      expect(await condition("other")).toMatchObject({ status: "False" });
      await remove("vip");
      await placed("other");
    });

    it("gives the place to one who is more important still, and the other looks anew", async () => {
      await addNode("a", {}, "1");
      await start();
      await addPod("low", "900m");
      await placed("low");
      await addPod("middle", "900m", { priorityClassName: "middle" });
      await going("low");
      await addPod("vip", "900m", { priorityClassName: "high" });
      await waits("vip");
      await remove("low");
      await placed("vip");
      await eventually(async () => expect((await get("middle")).status!.nominatedNodeName).toBeUndefined());
      expect(await nodeOf("middle")).toBeUndefined();
    });

    it("tries again where the others could not be driven out", async () => {
      await addNode("a", {}, "1");
      let failures = 0;
      await start(
        (client) =>
          new Proxy(client, {
            get: (target, name: keyof KubeClient) => {
              if (name !== "delete" || failures++ > 0) return (target[name] as () => unknown).bind(target);
              return () => Promise.reject(new Error("the connection broke"));
            },
          }),
      );
      await addPod("low", "900m");
      await placed("low");
      await addPod("vip", "900m", { priorityClassName: "high" });
      await going("low");
      expect(failures).toBeGreaterThan(1);
      await remove("low");
      await placed("vip");
    });

    it("knows after a restart what was promised to whom", async () => {
      await addNode("a", {}, "1");
      await start();
      await addPod("low", "600m");
      await placed("low");
      await addPod("vip", "900m", { priorityClassName: "high" });
      await eventually(async () => expect((await get("vip")).status!.nominatedNodeName).toBe("a"));
      await going("low");
      await stop!();
      await remove("low");
      await addPod("other", "200m", { priorityClassName: "middle" });
      await server.client.patch(podsResource, "default", "vip", "merge", {
        metadata: { labels: { seen: "yes" } },
      });
      await start();
      await placed("vip");
      expect(await nodeOf("other")).toBeUndefined();
    });
  });
});
