import { describe, expect, it } from "vitest";
import { conditionOf, type Json, shellPod, useKube } from "../support/kube.ts";

const kube = useKube();
const SLEEP = "trap 'exit 0' TERM; while true; do sleep 0.1; done";
const amounts = (cpu: string, memory: string) => ({ cpu, memory });

const resize = (pod: string, resources: Json) =>
  kube.kubectl(
    "patch",
    "pod",
    pod,
    "--subresource=resize",
    "-p",
    JSON.stringify({ spec: { containers: [{ name: "main", resources }] } }),
  );

const given = (pod: Json) => pod.status.containerStatuses[0];
const isSettled = (pod: Json) =>
  conditionOf(pod, "PodResizePending") === undefined && conditionOf(pod, "PodResizeInProgress") === undefined;

/** The limit of memory as the container's kernel tells it. */
async function memoryLimit(pod: string): Promise<string> {
  const files = "/sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max";
  return (await kube.exec(pod, "sh", "-c", `cat ${files} 2>/dev/null`)).stdout.trim();
}

describe("kubectl patch --subresource=resize", () => {
  it("gives a pod that runs more memory and processor time, without a restart", async () => {
    const resources = { requests: amounts("50m", "32Mi"), limits: amounts("100m", "64Mi") };
    await kube.apply(shellPod("grows", SLEEP, {}, { resources }));
    const before = await kube.untilReady("grows");
    const wanted = { requests: amounts("60m", "48Mi"), limits: amounts("200m", "128Mi") };
    expect(await resize("grows", wanted)).toMatchObject({ code: 0, stdout: "pod/grows patched\n" });
    const after = await kube.untilPod(
      "grows",
      "resized",
      (pod) => given(pod).resources.limits.memory === "128Mi" && isSettled(pod),
    );
    expect(await memoryLimit("grows")).toBe(String(128 << 20));
    expect(given(after)).toMatchObject({
      resources: wanted,
      allocatedResources: wanted.requests,
      restartCount: 0,
      containerID: given(before).containerID,
    });
    expect(await resize("grows", { limits: { memory: "64Mi" } })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        "memory limits cannot be decreased unless resizePolicy is RestartContainer",
      ),
    });
  });

  it("starts a container anew whose policy says so", async () => {
    const resources = { requests: amounts("50m", "32Mi"), limits: amounts("100m", "128Mi") };
    const resizePolicy = [{ resourceName: "memory", restartPolicy: "RestartContainer" }];
    await kube.apply(shellPod("anew", SLEEP, {}, { resources, resizePolicy }));
    await kube.untilReady("anew");
    await resize("anew", { limits: { memory: "64Mi" } });
    await kube.untilPod(
      "anew",
      "started anew",
      (pod) => given(pod).restartCount === 1 && conditionOf(pod, "Ready") === "True" && isSettled(pod),
    );
    expect(await memoryLimit("anew")).toBe(String(64 << 20));
    expect(await kube.events("anew")).toContain("Killing: Container main resize requires restart");
  });

  it("tells what the node can never give, and what it cannot give yet", async () => {
    const [node] = (await kube.api("/api/v1/nodes")).json.items as Json[];
    const cpus = Number(node.status.allocatable.cpu);
    await kube.apply(shellPod("wants", SLEEP, {}, { resources: { requests: { cpu: "50m" } } }));
    await kube.untilReady("wants");
    const pending = async (reason: string): Promise<Json> => {
      const pod = await kube.untilPod("wants", reason, ({ status }: Json) =>
        status.conditions.some((one: Json) => one.type === "PodResizePending" && one.reason === reason),
      );
      return pod.status.conditions.find(({ type }: Json) => type === "PodResizePending");
    };
    await resize("wants", { requests: { cpu: String(cpus + 1) } });
    expect((await pending("Infeasible")).message).toBe(
      `Node didn't have enough capacity: cpu, requested: ${(cpus + 1) * 1000}, capacity: ${cpus * 1000}`,
    );
    await resize("wants", { requests: { cpu: `${cpus * 1000 - 10}m` } });
    expect((await pending("Deferred")).message).toMatch(
      /^Node didn't have enough resource: cpu, requested: \d+, used: \d+, capacity: \d+$/,
    );
    await kube.must("delete", "pod", "grows", "anew");
    const after = await kube.untilPod(
      "wants",
      "resized",
      (pod) => given(pod).resources.requests.cpu === `${cpus * 1000 - 10}m` && isSettled(pod),
    );
    expect(given(after).restartCount).toBe(0);
  });
});
