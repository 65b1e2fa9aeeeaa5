import { describe, expect, it } from "vitest";
import type { Pod } from "../../api/index.ts";
import { PodRefusal, type SchedulingPlugin } from "../framework.ts";
import type { Snapshot } from "../snapshot.ts";
import { clusterOf, node, pod } from "../testing/objects.ts";
import { imageLocality } from "./image-locality.ts";
import { nodeAffinity as nodeAffinityWith } from "./node-affinity.ts";
import { nodeResourcesBalanced as nodeResourcesBalancedWith } from "./node-resources-balanced.ts";
import { nodeResourcesFit as nodeResourcesFitWith } from "./node-resources-fit.ts";
import { podTopologySpread as spreadWith } from "./pod-topology-spread.ts";
import { taintToleration } from "./taint-toleration.ts";

const nodeAffinity = nodeAffinityWith();
const nodeResourcesBalanced = nodeResourcesBalancedWith();
const nodeResourcesFit = nodeResourcesFitWith();
const podTopologySpread = spreadWith(() => undefined);

/** What a plugin gives each node, in the nodes' order; nothing where it does not rate. */
function rate<T>(plugin: SchedulingPlugin<T>, one: Pod, snapshot: Snapshot): number[] | undefined {
  const state = plugin.prepare!(one, snapshot);
  if (state === "skip") return undefined;
  if (state instanceof PodRefusal) throw new Error(state.reason);
  const { nodes } = snapshot;
  if (plugin.prepareScore?.(one, nodes, state) === "skip") return undefined;
  const scores = Float64Array.from(nodes, (info) => plugin.score!(one, info, state));
  plugin.normalize?.(scores, state);
  return [...scores];
}

const MI = 1024 * 1024;
const image = (name: string, mebibytes: number) => ({ names: [name], sizeBytes: mebibytes * MI });
const running = (...images: string[]) => pod({ spec: { containers: images.map((one) => ({ image: one })) } });

describe("nodes that have a pod's images", () => {
  const nodes = [
    node("big", { images: [image("registry/a:1", 1000), image("b:latest", 500)] }),
    node("small", { images: [image("b:latest", 500)] }),
    node("none"),
    node("other", { images: [image("c:1", 900)] }),
  ];

  it.each<[string, string[], number[] | undefined]>([
    // 1000 MiB on one node of four count as 250.
    ["rate by its size and spread", ["registry/a:1"], [23, 0, 0, 0]],
    ["rate a name without a tag as the latest", ["b"], [23, 23, 0, 0]],
    ["rate the sum of all containers", ["registry/a:1", "b"], [24, 11, 0, 0]],
    ["rate nothing where nobody has it", ["d"], undefined],
  ])("%s", (_, images, scores) => {
    expect(rate(imageLocality, running(...images), clusterOf(nodes))).toEqual(scores);
  });

  it("are counted as images come and go", () => {
    const snapshot = clusterOf(nodes);
    expect(snapshot.nodesWithImage("b:latest")).toBe(2);
    snapshot.setNode(node("small", { images: [image("c:1", 900)] }));
    expect([snapshot.nodesWithImage("b:latest"), snapshot.nodesWithImage("c:1")]).toEqual([1, 2]);
    snapshot.removeNode("other");
    snapshot.removeNode("other");
    expect(snapshot.nodesWithImage("c:1")).toBe(1);
  });
});

describe("room on nodes", () => {
  const nodes = [node("a", { cpu: "4", memory: "10Gi" }), node("b", { cpu: "2", memory: "10Gi" })];
  const asking = (requests: object) => pod({ spec: { containers: [{ resources: { requests } }] } });

  it("is rated by what is left of cpu and memory", () => {
    const one = asking({ cpu: "1", memory: "5Gi" });
    expect(rate(nodeResourcesFit, one, clusterOf(nodes))).toEqual([62, 50]);
  });

  it("is taken a little of by containers that ask for nothing, also while the pod begins", () => {
    const init = pod({
      spec: { containers: [{}], initContainers: [{ resources: { requests: { cpu: "2" } } }] },
    });
    expect(rate(nodeResourcesFit, init, clusterOf(nodes))).toEqual([74, 49]);
    expect(rate(nodeResourcesFit, pod(), clusterOf(nodes))).toEqual([97, 96]);
  });

  it("is rated by the balance of what is asked for, where something is", () => {
    expect(rate(nodeResourcesBalanced, asking({ cpu: "2" }), clusterOf(nodes))).toEqual([75, 50]);
    expect(rate(nodeResourcesBalanced, asking({ cpu: "2", memory: "5Gi" }), clusterOf(nodes))).toEqual([
      100, 75,
    ]);
    expect(rate(nodeResourcesBalanced, asking({ "example.com/x": "1" }), clusterOf(nodes))).toBeUndefined();
  });
});

describe("what pods and nodes prefer", () => {
  it("counts the weights of affinity to nodes", () => {
    const preferred = (weight: number, key: string) => ({
      weight,
      preference: { matchExpressions: [{ key, operator: "Exists" }] },
    });
    const affinity = {
      nodeAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [preferred(10, "x"), preferred(30, "y")],
      },
    };
    const nodes = [node("a", { labels: { x: "" } }), node("b", { labels: { x: "", y: "" } }), node("c")];
    expect(rate(nodeAffinity, pod({ spec: { affinity } }), clusterOf(nodes))).toEqual([25, 100, 0]);
  });

  it("counts the soft taints that are not borne", () => {
    const soft = (key: string) => ({ key, effect: "PreferNoSchedule" });
    const nodes = [
      node("a", { taints: [soft("x"), soft("y")] }),
      node("b", { taints: [soft("x")] }),
      node("c"),
    ];
    expect(rate(taintToleration, pod(), clusterOf(nodes))).toEqual([0, 50, 100]);
    const bearing = pod({ spec: { tolerations: [{ key: "x", operator: "Exists" }] } });
    expect(rate(taintToleration, bearing, clusterOf(nodes))).toEqual([0, 100, 100]);
  });
});

describe("spread over several topologies", () => {
  const labels = { app: "web" };
  const constraint = (topologyKey: string, more: object = {}) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: "DoNotSchedule",
    labelSelector: { matchLabels: labels },
    ...more,
  });
  const at = (zone: string, more: object = {}) => ({ labels: { zone, ...more } });
  const fits = (snapshot: Snapshot, ...topologySpreadConstraints: object[]): string[] => {
    const one = pod({ labels, spec: { topologySpreadConstraints } });
    const state = podTopologySpread.prepare!(one, snapshot);
    if (state === "skip" || state instanceof PodRefusal) throw new Error("skipped");
    return snapshot.nodes
      .filter((info) => !podTopologySpread.filter!(one, info, state))
      .map(({ name }) => name);
  };
  const web = (on: string) => pod({ node: on, labels });

  it("counts only nodes that have all of the keys", () => {
    const nodes = [node("a", at("1", { rack: "r" })), node("b", at("2", { rack: "r" })), node("c", at("2"))];
    const snapshot = clusterOf(nodes, [web("a"), web("c"), web("c")]);
    // What is on c does not count where racks are asked for, too.
    expect(fits(snapshot, constraint("zone"), constraint("rack", { maxSkew: 9 }))).toEqual(["b"]);
    expect(fits(snapshot, constraint("zone"))).toEqual(["a"]);
  });

  it("asks for a number of domains", () => {
    const snapshot = clusterOf([node("a", at("1")), node("b", at("2"))], [web("a")]);
    expect(fits(snapshot, constraint("zone", { minDomains: 2 }))).toEqual(["b"]);
    expect(fits(snapshot, constraint("zone", { minDomains: 3 }))).toEqual(["b"]);
    snapshot.setPod(web("b"));
    expect(fits(snapshot, constraint("zone", { minDomains: 3 }))).toEqual([]);
    expect(fits(snapshot, constraint("zone", { minDomains: 2 }))).toEqual(["a", "b"]);
  });

  it("leaves out nodes whose taints are not borne, where it is told to", () => {
    const nodes = [
      node("a", at("1")),
      node("b", { ...at("2"), taints: [{ key: "k", effect: "NoSchedule" }] }),
    ];
    const snapshot = clusterOf(nodes, [web("a")]);
    expect(fits(snapshot, constraint("zone"))).toEqual(["b"]);
    expect(fits(snapshot, constraint("zone", { nodeTaintsPolicy: "Honor" }))).toEqual(["a", "b"]);
  });
});
