import { describe, expect, it } from "vitest";
import type { Namespace, Pod } from "../api/index.ts";
import { NodeSelector } from "./select-node.ts";
import type { Snapshot } from "./snapshot.ts";
import { clusterOf, node, pod } from "./testing/objects.ts";
import { defaultPlugins } from "./testing/plugins.ts";

const select = (snapshot: Snapshot, one: Pod) =>
  new NodeSelector(defaultPlugins, { random: () => 0 }).select(one, snapshot);

describe("selecting a node", () => {
  it("says why no node fits, as kubectl describe shows it", () => {
    const snapshot = clusterOf([
      node("a", { cpu: "1" }),
      node("b", { cpu: "1" }),
      node("c", { taints: [{ key: "k", value: "v", effect: "NoSchedule" }] }),
    ]);
    expect(select(snapshot, pod({ cpu: "1500m" }))).toMatchObject({
      node: undefined,
      message:
        "0/3 nodes are available: 1 node(s) had untolerated taint {k: v}, 2 Insufficient cpu. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.",
    });
    expect(select(clusterOf([]), pod())).toMatchObject({
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
    expect(select(snapshot, tooLarge)).toMatchObject({
      node: undefined,
      message:
        "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) didn't match pod topology spread constraints. preemption: 0/2 nodes are available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling.",
    });
  });

  it("refuses a taken host port", () => {
    const spec = { containers: [{ ports: [{ containerPort: 80, hostPort: 8080 }] }] };
    const snapshot = clusterOf([node("a")], [pod({ node: "a", spec })]);
    expect(select(snapshot, pod({ spec }))).toMatchObject({
      message:
        "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.",
    });
  });

  it("spreads the pods of one owner over nodes without being told", () => {
    const labels = { app: "web" };
    const nodes = ["a", "b", "c"].map((name) => node(name));
    const snapshot = clusterOf(nodes);
    const ownerReferences = [{ controller: true }];
    const chosen = Array.from({ length: 6 }, () => {
      const next = pod({ labels, cpu: "10m" });
      Object.assign(next.metadata, { ownerReferences });
      const { node: name } = select(snapshot, next);
      snapshot.assume(next, name!);
      return name;
    });
    expect(chosen.sort()).toEqual(["a", "a", "b", "b", "c", "c"]);
  });
});

describe("affinity between pods", () => {
  const zones = [
    node("a1", { labels: { zone: "a" } }),
    node("a2", { labels: { zone: "a" } }),
    node("b1", { labels: { zone: "b" } }),
    node("none"),
  ];
  const term = (app: string, more: object = {}) => ({
    labelSelector: { matchLabels: { app } },
    topologyKey: "zone",
    ...more,
  });
  const near = (one: object) => ({
    affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [one] } },
  });
  const far = (one: object) => ({
    affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [one] } },
  });
  const fits = (snapshot: Snapshot, one: Pod): string[] => {
    const names = new Set<string>();
    for (let turn = 0; turn < 40; turn++)
      names.add(new NodeSelector(defaultPlugins).select(one, snapshot).node ?? "");
    return [...names].sort();
  };

  it("brings a pod to where others are, in the same zone", () => {
    const snapshot = clusterOf(zones, [pod({ node: "b1", labels: { app: "db" } })]);
    expect(fits(snapshot, pod({ spec: near(term("db")) }))).toEqual(["b1"]);
    expect(select(snapshot, pod({ spec: near(term("cache")) }))).toMatchObject({
      message:
        "0/4 nodes are available: 4 node(s) didn't match pod affinity rules. preemption: 0/4 nodes are available: 4 Preemption is not helpful for scheduling.",
    });
  });

  it("lets the first of a group go anywhere that has the key", () => {
    const first = pod({ labels: { app: "db" }, spec: near(term("db")) });
    expect(fits(clusterOf(zones), first)).toEqual(["a1", "a2", "b1"]);
  });

  it("keeps pods apart, whichever of the two says so", () => {
    const snapshot = clusterOf(zones.slice(0, 3), [
      pod({ node: "a1", labels: { app: "db" }, spec: far(term("web")) }),
    ]);
    expect(fits(snapshot, pod({ labels: { app: "web" } }))).toEqual(["b1"]);
    expect(fits(snapshot, pod({ labels: { app: "x" }, spec: far(term("db")) }))).toEqual(["b1"]);
    const both = clusterOf(zones.slice(0, 2), [
      pod({ node: "a1", labels: { app: "db" }, spec: far(term("web")) }),
    ]);
    expect(select(both, pod({ labels: { app: "web" } }))).toMatchObject({
      message: expect.stringContaining("2 node(s) didn't satisfy existing pods anti-affinity rules"),
    });
    expect(select(both, pod({ spec: far(term("db")) }))).toMatchObject({
      message: expect.stringContaining("2 node(s) didn't match pod anti-affinity rules"),
    });
  });

  it("looks into other namespaces by name or by their labels", () => {
    const snapshot = clusterOf(zones, [pod({ node: "b1", labels: { app: "db" } })]);
    const elsewhere = pod({ spec: near(term("db")) });
    elsewhere.metadata.namespace = "other";
    expect(select(snapshot, elsewhere).node).toBeUndefined();
    const named = pod({ spec: near(term("db", { namespaces: ["default"] })) });
    named.metadata.namespace = "other";
    expect(fits(snapshot, named)).toEqual(["b1"]);
    snapshot.setNamespace({ metadata: { name: "default", labels: { team: "x" } } } as unknown as Namespace);
    const selected = pod({ spec: near(term("db", { namespaceSelector: { matchLabels: { team: "x" } } })) });
    selected.metadata.namespace = "other";
    expect(fits(snapshot, selected)).toEqual(["b1"]);
  });

  it("prefers and avoids by weight", () => {
    const snapshot = clusterOf(zones.slice(0, 3), [
      pod({ node: "b1", labels: { app: "db" } }),
      pod({ node: "a1" }),
      pod({ node: "a2" }),
    ]);
    const weighted = (kind: string) => ({
      affinity: {
        [kind]: {
          preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: term("db") }],
        },
      },
    });
    expect(fits(snapshot, pod({ spec: weighted("podAffinity") }))).toEqual(["b1"]);
    expect(fits(snapshot, pod({ spec: weighted("podAntiAffinity") }))).toEqual(["a1", "a2"]);
  });

  it("spreads pods of a controller over many nodes", () => {
    const nodes = Array.from({ length: 100 }, (_, index) => node(`n${index}`, { cpu: "8" }));
    const snapshot = clusterOf(nodes);
    for (let index = 0; index < 500; index++) {
      const one = pod({ cpu: "100m" });
      snapshot.assume(one, select(snapshot, one).node!);
    }
    expect(Math.max(...snapshot.nodes.map(({ pods }) => pods.size))).toBe(5);
  });
});
