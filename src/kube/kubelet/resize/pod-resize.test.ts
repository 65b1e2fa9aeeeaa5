import { cpus } from "node:os";
import { PassThrough } from "node:stream";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Container, Pod, PodCondition } from "../../api/index.ts";
import { pods } from "../../api/index.ts";
import { openTestCluster, type TestCluster } from "../testing/test-cluster.ts";

const NODE_MILLI = cpus().length * 1000;

function app(more: Partial<Container> = {}): Container {
  return {
    name: "app",
    image: "busybox",
    imagePullPolicy: "IfNotPresent",
    command: ["sh", "-c", "trap 'exit 0' TERM; while true; do sleep 0.05; done"],
    ...more,
  };
}

const amounts = (cpu: string, memory: string) => ({ cpu, memory });
const conditionOf = (pod: Pod, type: string): PodCondition | undefined =>
  pod.status?.conditions?.find((one) => one.type === type);
const isReady = (pod: Pod) => conditionOf(pod, "Ready")?.status === "True";
const statusOf = (pod: Pod) => pod.status!.containerStatuses![0]!;
const isResizing = (pod: Pod) =>
  conditionOf(pod, "PodResizePending") !== undefined || conditionOf(pod, "PodResizeInProgress") !== undefined;
const has = (cpu: string) => (pod: Pod) =>
  statusOf(pod).resources?.requests?.cpu === cpu && !isResizing(pod) && isReady(pod);

describe("a pod that is resized", () => {
  let cluster: TestCluster;
  let made: string[] = [];
  beforeAll(async () => {
    cluster = await openTestCluster("0be1e8");
  }, 30_000);
  afterAll(() => cluster?.close(), 30_000);
  afterEach(async () => {
    for (const name of made) await cluster.remove(name, 0).catch(() => {});
    for (const name of made) await cluster.untilGone(name);
    made = [];
  });

  async function running(name: string, container: Partial<Container>): Promise<Pod> {
    made.push(name);
    await cluster.create(name, { containers: [app(container)], terminationGracePeriodSeconds: 1 });
    return cluster.until(name, isReady);
  }

  const resize = (name: string, resources: Container["resources"]) =>
    cluster.client.patch(
      pods,
      "default",
      name,
      "strategic",
      { spec: { containers: [{ name: "app", resources }] } },
      { subresource: "resize" },
    );

  /** Of the container and of the pod: what the kernel says. */
  async function limits(pod: Pod): Promise<{ memory: string; cpu: string }> {
    const read = async (...files: string[]) => {
      const stdout = new PassThrough();
      const chunks: Buffer[] = [];
      stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
      await cluster.kubelet.exec(
        {
          nodeName: "node-1",
          namespace: "default",
          podName: pod.metadata.name,
          podUid: pod.metadata.uid,
          container: "app",
        },
        ["sh", "-c", `cat ${files.map((file) => `/sys/fs/cgroup/${file}`).join(" ")} 2>/dev/null`],
        { stdin: false, stdout: true, stderr: true, tty: false },
        { stdout, stderr: stdout },
        new AbortController().signal,
      );
      return Buffer.concat(chunks).toString().trim().split(" ")[0]!;
    };
    return {
      memory: await read("memory/memory.limit_in_bytes", "memory.max"),
      cpu: await read("cpu/cpu.cfs_quota_us", "cpu.max"),
    };
  }

  it("has more and less of both while it runs, and says so", async () => {
    const before = await running("in-place", {
      resources: { requests: amounts("100m", "32Mi"), limits: amounts("200m", "64Mi") },
    });
    expect(statusOf(before)).toMatchObject({
      allocatedResources: amounts("100m", "32Mi"),
      resources: { requests: amounts("100m", "32Mi"), limits: amounts("200m", "64Mi") },
    });
    expect(await limits(before)).toEqual({ memory: String(64 << 20), cpu: "20000" });
    await resize("in-place", { requests: amounts("150m", "48Mi"), limits: amounts("300m", "128Mi") });
    const more = await cluster.until("in-place", has("150m"));
    expect(await limits(more)).toEqual({ memory: String(128 << 20), cpu: "30000" });
    await resize("in-place", { requests: amounts("50m", "16Mi"), limits: amounts("100m", "128Mi") });
    const after = await cluster.until("in-place", has("50m"));
    expect(await limits(after)).toEqual({ memory: String(128 << 20), cpu: "10000" });
    expect(statusOf(after)).toMatchObject({
      containerID: statusOf(before).containerID,
      restartCount: 0,
      allocatedResources: amounts("50m", "16Mi"),
      resources: { requests: amounts("50m", "16Mi"), limits: amounts("100m", "128Mi") },
    });
  });

  it("is started anew where its policy says so, and only for that resource", async () => {
    await running("restarts", {
      resources: { requests: amounts("100m", "32Mi"), limits: amounts("200m", "128Mi") },
      resizePolicy: [
        { resourceName: "cpu", restartPolicy: "NotRequired" },
        { resourceName: "memory", restartPolicy: "RestartContainer" },
      ],
    });
    await resize("restarts", { requests: { cpu: "110m" } });
    expect(statusOf(await cluster.until("restarts", has("110m"))).restartCount).toBe(0);
    await resize("restarts", { limits: { memory: "64Mi" } });
    const after = await cluster.until(
      "restarts",
      (pod) => statusOf(pod).restartCount === 1 && isReady(pod) && !isResizing(pod),
    );
    expect(statusOf(after).resources!.limits!.memory).toBe("64Mi");
    expect(await limits(after)).toEqual({ memory: String(64 << 20), cpu: "20000" });
    expect(await cluster.events("restarts")).toContain(
      "Normal Killing: Container app resize requires restart",
    );
  });

  it("stays as it is where the node could never give so much, until it asks for less", async () => {
    await running("infeasible", { resources: { requests: { cpu: "100m" } } });
    await resize("infeasible", { requests: { cpu: "1000" } });
    const refused = await cluster.until("infeasible", (pod) => isResizing(pod));
    expect(conditionOf(refused, "PodResizePending")).toMatchObject({
      status: "True",
      reason: "Infeasible",
      message: `Node didn't have enough capacity: cpu, requested: 1000000, capacity: ${NODE_MILLI}`,
    });
    expect(statusOf(refused)).toMatchObject({
      allocatedResources: { cpu: "100m" },
      resources: { requests: { cpu: "100m" } },
    });
    await resize("infeasible", { requests: { cpu: "120m" } });
    expect(statusOf(await cluster.until("infeasible", has("120m"))).restartCount).toBe(0);
  });

  it("waits for what another pod has", async () => {
    const most = `${NODE_MILLI - 300}m`;
    await running("other", { resources: { requests: { cpu: most } } });
    await running("deferred", { resources: { requests: { cpu: "100m" } } });
    await resize("deferred", { requests: { cpu: "400m" } });
    const waiting = await cluster.until("deferred", (pod) => isResizing(pod));
    expect(conditionOf(waiting, "PodResizePending")).toMatchObject({
      reason: "Deferred",
      message: `Node didn't have enough resource: cpu, requested: 400, used: ${NODE_MILLI - 300}, capacity: ${NODE_MILLI}`,
    });
    await cluster.remove("other", 0);
    expect(statusOf(await cluster.until("deferred", has("400m"))).restartCount).toBe(0);
  });

  it("keeps what it was promised over a restart, and has what it was asked for meanwhile", async () => {
    const limited = (cpu: string) => ({ requests: { cpu }, limits: { cpu: "500m" } });
    await running("survives", { resources: limited("100m") });
    await resize("survives", limited("130m"));
    const before = await cluster.until("survives", has("130m"));
    await cluster.restartNode();
    await cluster.until("survives", has("130m"));
    await cluster.restartNode(async () => {
      await resize("survives", { requests: { cpu: "140m" }, limits: { cpu: "600m" } });
    });
    const after = await cluster.until("survives", has("140m"));
    expect((await limits(after)).cpu).toBe("60000");
    expect(statusOf(after).containerID).toBe(statusOf(before).containerID);
  });
});
