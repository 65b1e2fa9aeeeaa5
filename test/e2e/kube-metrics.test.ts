import { describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { shellPod, useKube } from "../support/kube.ts";

const kube = useKube();

/** Cells of the lines below the head. */
const rows = (table: string) =>
  table
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => line.split(/ +/));

describe("figures of nodes and pods", () => {
  it("are told by kubectl top within seconds of a pod's start", { timeout: 60_000 }, async () => {
    const limits = { limits: { cpu: "200m" } };
    await kube.apply([
      shellPod("busy", "while :; do :; done", {}, { resources: limits }),
      shellPod("idle", "sleep 1000"),
    ]);
    await kube.untilReady("busy");
    await kube.untilReady("idle");
    const top = await eventually("both pods have figures", async () => {
      const { code, stdout } = await kube.kubectl("top", "pods");
      const found = rows(stdout);
      return code === 0 && found.length === 2 ? found : undefined;
    });
    const [busy, idle] = top.sort();
    expect(busy![0]).toBe("busy");
    expect(Number.parseInt(busy![1]!, 10)).toBeGreaterThan(50);
    expect(Number.parseInt(busy![1]!, 10)).toBeLessThan(400);
    expect(idle).toEqual(["idle", expect.stringMatching(/^[0-5]m$/), expect.stringMatching(/^\d+Mi$/)]);
    const containers = rows(await kube.must("top", "pod", "busy", "--containers"));
    expect(containers).toEqual([["busy", "main", expect.stringMatching(/^\d+m$/), expect.any(String)]]);
    expect(rows(await kube.must("top", "pods", "-l", "app=idle"))).toHaveLength(1);
    const [node] = rows(await kube.must("top", "nodes"));
    expect(node).toHaveLength(5);
    expect(Number.parseInt(node![1]!, 10)).toBeGreaterThan(50);
  });

  it("are there in the nodes' own words, through the node's proxy", async () => {
    const [{ metadata }] = (await kube.api("/api/v1/nodes")).json.items;
    const proxy = `/api/v1/nodes/${metadata.name}/proxy`;
    const summary = (await kube.api(`${proxy}/stats/summary`)).json;
    expect(summary.node).toMatchObject({
      nodeName: metadata.name,
      fs: { capacityBytes: expect.any(Number) },
    });
    const pod = summary.pods.find(({ podRef }: { podRef: { name: string } }) => podRef.name === "busy");
    expect(pod.containers[0].cpu.usageNanoCores).toBeGreaterThan(50_000_000);
    expect(pod.network.interfaces[0]).toMatchObject({ name: "eth0", rxBytes: expect.any(Number) });
    const text = (path: string) => kube.must("get", "--raw", `${proxy}${path}`);
    expect(await text("/metrics/resource")).toMatch(
      /^container_cpu_usage_seconds_total\{container="main",namespace="[^"]+",pod="busy"\} \d/m,
    );
    expect(await text("/metrics/cadvisor")).toMatch(
      /^container_network_receive_bytes_total\{interface="eth0",namespace="[^"]+",pod="idle"\} \d/m,
    );
    expect(await text("/metrics")).toMatch(/^kubelet_running_containers\{container_state="running"\} 2$/m);
    const pods = JSON.parse(await text("/pods"));
    expect(pods.items.map((one: { metadata: { name: string } }) => one.metadata.name).sort()).toEqual([
      "busy",
      "idle",
    ]);
    expect((await kube.api(`${proxy}/none`)).status).toBe(404);
  });
});
