import { describe, expect, it } from "vitest";
import { type Clock, silentLogger, systemClock } from "../../../base/index.ts";
import type { CriContainerStatus, CriContainerUsage } from "../../../cri/types.ts";
import { Label } from "../naming.ts";
import { nodeUsage } from "./node-usage.ts";
import { resourceMetrics } from "./resource-metrics.ts";
import { UsageSampler } from "./usage-sampler.ts";

const START_MS = 1_000_000;

/** A node whose clock and containers do what a test says. */
function aNode() {
  const containers = new Map<string, { startedMs: number; cpuNs: number; memory: number; pod: string }>();
  let nowMs = START_MS;
  let wakeUp = () => {};
  let reads = 0;
  const clock: Clock = {
    ...systemClock,
    nowMs: () => nowMs,
    sleep: () =>
      new Promise((resolve) => {
        wakeUp = resolve;
      }),
  };
  const statusOf = (id: string) =>
    ({
      id,
      state: "RUNNING",
      metadata: { name: id, attempt: 0 },
      startedAtNs: BigInt(containers.get(id)!.startedMs) * 1_000_000n,
      labels: {
        [Label.podUid]: containers.get(id)!.pod,
        [Label.podName]: containers.get(id)!.pod,
        [Label.podNamespace]: "default",
      },
    }) as unknown as CriContainerStatus;
  const sampler = new UsageSampler({
    runtime: {
      listContainers: async () => [...containers.keys()].map(statusOf),
      containerUsage: async (id) => {
        reads++;
        const { cpuNs, memory } = containers.get(id)!;
        return {
          containerId: id,
          readAtMs: nowMs,
          cpuUsageNs: cpuNs,
          memoryWorkingSetBytes: memory,
        } as CriContainerUsage;
      },
    },
    logger: silentLogger,
    clock,
  });
  return {
    containers,
    sampler,
    reads: () => reads,
    pass: (ms: number) => {
      nowMs += ms;
    },
    /** A regular measurement. */
    async tick() {
      wakeUp();
      await new Promise((resolve) => setImmediate(resolve));
    },
    pods: async () => nodeUsage(await sampler.read()).pods,
  };
}

describe("figures of a node's containers", () => {
  it("tells a young container's speed since its start, and of an older one since the regular measurement", async () => {
    const node = aNode();
    const app = { startedMs: START_MS, cpuNs: 0, memory: 4096, pod: "web" };
    node.containers.set("app", app);
    void node.sampler.run(new AbortController().signal);
    await node.tick();
    expect(await node.pods()).toEqual([]);

    node.pass(4000);
    app.cpuNs = 2e9;
    const [young] = await node.pods();
    expect(young!.containers).toEqual([
      {
        name: "app",
        readAtMs: START_MS + 4000,
        windowMs: 4000,
        cpuNanoCores: 500_000_000,
        memoryWorkingSetBytes: 4096,
      },
    ]);

    node.pass(6000);
    await node.tick();
    node.pass(10_000);
    app.cpuNs = 12e9;
    await node.tick();
    node.pass(5000);
    const [older] = await node.pods();
    expect(older!.containers[0]).toMatchObject({ windowMs: 15_000, cpuNanoCores: 666_666_667 });
  });

  it("leaves out a pod of which a container has no speed yet", async () => {
    const node = aNode();
    node.containers.set("old", { startedMs: START_MS - 60_000, cpuNs: 6e9, memory: 1, pod: "web" });
    node.containers.set("new", { startedMs: START_MS, cpuNs: 0, memory: 1, pod: "web" });
    node.containers.set("other", { startedMs: START_MS - 60_000, cpuNs: 6e9, memory: 1, pod: "db" });
    expect((await node.pods()).map(({ uid }) => uid)).toEqual(["db"]);
  });

  it("measures once for all who ask within two seconds", async () => {
    const node = aNode();
    node.containers.set("app", { startedMs: START_MS - 5000, cpuNs: 0, memory: 1, pod: "web" });
    await Promise.all([node.pods(), node.pods()]);
    node.pass(1999);
    await node.pods();
    expect(node.reads()).toBe(1);
    node.pass(1);
    await node.pods();
    expect(node.reads()).toBe(2);
  });

  it("writes them out for a metrics-server, with the time of the measurement", async () => {
    const node = aNode();
    node.containers.set("app", { startedMs: START_MS - 5000, cpuNs: 1.5e9, memory: 2048, pod: "web" });
    node.containers.set("side", { startedMs: START_MS - 5000, cpuNs: 0.5e9, memory: 1024, pod: "web" });
    const text = resourceMetrics(await node.sampler.read());
    const pod = 'namespace="default",pod="web"';
    expect(text).toContain(`container_cpu_usage_seconds_total{container="app",${pod}} 1.5 ${START_MS}\n`);
    expect(text).toContain(`pod_cpu_usage_seconds_total{${pod}} 2 ${START_MS}\n`);
    expect(text).toContain(`pod_memory_working_set_bytes{${pod}} 3072 ${START_MS}\n`);
    expect(text).toMatch(/^node_memory_working_set_bytes \d+ 1000000$/m);
  });
});
