import { describe, expect, it } from "vitest";
import type { KubeObject } from "../api/types.ts";
import { defaultPlugins } from "./plugins/index.ts";
import { selectNode } from "./select-node.ts";
import { Snapshot } from "./snapshot.ts";

function node(
  name: string,
  options: { cpu?: string; labels?: Record<string, string>; taints?: object[]; unschedulable?: boolean } = {},
): KubeObject {
  return {
    metadata: { name, labels: { "kubernetes.io/hostname": name, ...options.labels } },
    spec: { taints: options.taints, unschedulable: options.unschedulable },
    status: { allocatable: { cpu: options.cpu ?? "2", memory: "4Gi", pods: "110" } },
  } as unknown as KubeObject;
}

let count = 0;
function pod(
  options: { cpu?: string; node?: string; labels?: Record<string, string>; spec?: object } = {},
): KubeObject {
  const name = `pod-${count++}`;
  return {
    metadata: { name, namespace: "default", uid: name, labels: options.labels },
    spec: {
      nodeName: options.node,
      containers: [{ resources: { requests: options.cpu ? { cpu: options.cpu } : {} } }],
      ...options.spec,
    },
    status: {},
  } as unknown as KubeObject;
}

function clusterOf(nodes: KubeObject[], pods: KubeObject[] = []): Snapshot {
  const snapshot = new Snapshot();
  for (const one of nodes) snapshot.setNode(one);
  for (const one of pods) snapshot.setPod(one);
  return snapshot;
}

const select = (snapshot: Snapshot, one: KubeObject) => selectNode(one, snapshot, defaultPlugins, () => 0);

describe("selecting a node", () => {
  it("says why no node fits, as kubectl describe shows it", () => {
    const snapshot = clusterOf([
      node("a", { cpu: "1" }),
      node("b", { cpu: "1" }),
      node("c", { taints: [{ key: "k", value: "v", effect: "NoSchedule" }] }),
    ]);
    expect(select(snapshot, pod({ cpu: "1500m" }))).toEqual({
      node: undefined,
      message: "0/3 nodes are available: 1 node(s) had untolerated taint {k: v}, 2 Insufficient cpu.",
    });
    expect(select(clusterOf([]), pod())).toEqual({
      node: undefined,
      message: "no nodes available to schedule pods",
    });
  });

  it("counts what is taken, and what was just assumed", () => {
    const snapshot = clusterOf([node("a", { cpu: "1" })], [pod({ cpu: "600m", node: "a" })]);
    expect(select(snapshot, pod({ cpu: "500m" })).node).toBeUndefined();
    const small = pod({ cpu: "400m" });
    expect(select(snapshot, small).node).toBe("a");
    snapshot.assume(small, "a");
    expect(select(snapshot, pod({ cpu: "100m" })).node).toBeUndefined();
    snapshot.forget(small.metadata.uid);
    expect(select(snapshot, pod({ cpu: "100m" })).node).toBe("a");
  });

  it("respects nodeSelector, affinity, cordons and taints", () => {
    const snapshot = clusterOf([
      node("plain"),
      node("ssd", { labels: { disk: "ssd" } }),
      node("cordoned", { labels: { disk: "nvme" }, unschedulable: true }),
      node("tainted", { labels: { disk: "hdd" }, taints: [{ key: "t", effect: "NoExecute" }] }),
    ]);
    expect(select(snapshot, pod({ spec: { nodeSelector: { disk: "ssd" } } })).node).toBe("ssd");
    expect(select(snapshot, pod({ spec: { nodeSelector: { disk: "nvme" } } })).node).toBeUndefined();
    const tolerant = { nodeSelector: { disk: "hdd" }, tolerations: [{ key: "t", operator: "Exists" }] };
    expect(select(snapshot, pod({ spec: tolerant })).node).toBe("tainted");
    const terms = [
      { matchExpressions: [{ key: "disk", operator: "NotIn", values: ["ssd", "hdd", "nvme"] }] },
    ];
    const affinity = {
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } },
    };
    expect(select(snapshot, pod({ spec: { affinity } })).node).toBe("plain");
  });

  it("prefers the emptier node", () => {
    const snapshot = clusterOf([node("full"), node("empty")], [pod({ cpu: "1500m", node: "full" })]);
    expect(select(snapshot, pod({ cpu: "100m" })).node).toBe("empty");
  });

  it("keeps hard topology spread constraints", () => {
    const labels = { app: "web" };
    const topologySpreadConstraints = [
      {
        maxSkew: 1,
        topologyKey: "kubernetes.io/hostname",
        whenUnsatisfiable: "DoNotSchedule",
        labelSelector: { matchLabels: labels },
      },
    ];
    const snapshot = clusterOf([node("a"), node("b", { cpu: "1" })], [pod({ node: "a", labels })]);
    const next = pod({ labels, spec: { topologySpreadConstraints } });
    expect(select(snapshot, next).node).toBe("b");
    const tooLarge = pod({ labels, cpu: "1500m", spec: { topologySpreadConstraints } });
    expect(select(snapshot, tooLarge)).toEqual({
      node: undefined,
      message:
        "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) didn't match pod topology spread constraints.",
    });
  });

  it("refuses a taken host port", () => {
    const spec = { containers: [{ ports: [{ containerPort: 80, hostPort: 8080 }] }] };
    const snapshot = clusterOf([node("a")], [pod({ node: "a", spec })]);
    expect(select(snapshot, pod({ spec }))).toMatchObject({
      message: "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.",
    });
  });
});
