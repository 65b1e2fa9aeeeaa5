import { describe, expect, it } from "vitest";
import { systemClock } from "../../../base/index.ts";
import type { DaemonSet, Node, Pod, PodSpec, Taint } from "../../api/index.ts";
import { EndedPods } from "../ended-pods.ts";
import { daemonTemplate, daemonTolerations, targetNodeOf } from "./daemon-pod.ts";
import { type DaemonPass, planPods } from "./plan-pods.ts";
import { planUpdate } from "./plan-update.ts";
import { podsByNode } from "./pods-by-node.ts";
import { placementsOf } from "./should-run.ts";

const HASH = "new";

const nodeOf = (name: string, ...taints: Taint[]): Node =>
  ({ metadata: { name, labels: { name } }, spec: { taints } }) as unknown as Node;

/** `n1-new-ready`: the node, the revision and the state of a pod, which is ready, not ready, failed, or on its way out. */
function podOf(text: string): Pod {
  const [nodeName, revision, state] = text.split("-") as [string, string, string];
  const phase = state === "failed" ? "Failed" : "Running";
  const status = state === "ready" ? "True" : "False";
  return {
    metadata: {
      name: text,
      namespace: "x",
      uid: text,
      labels: { "controller-revision-hash": revision },
      ...(state === "going" ? { deletionTimestamp: "2024-01-01T00:00:00Z" } : {}),
    },
    spec: { nodeName },
    status: { phase, conditions: [{ type: "Ready", status }] },
  } as unknown as Pod;
}

const setOf = (rollingUpdate: object, template: Partial<PodSpec> = {}): DaemonSet =>
  ({
    metadata: { name: "agent", uid: "set", annotations: { "deprecated.daemonset.template.generation": "3" } },
    spec: {
      template: { metadata: { labels: { app: "agent" } }, spec: { containers: [], ...template } },
      updateStrategy: { type: "RollingUpdate", rollingUpdate },
    },
  }) as unknown as DaemonSet;

function passOf(set: DaemonSet, pods: string, nodes: readonly Node[]): DaemonPass {
  const all = pods.split(" ").filter(Boolean).map(podOf);
  return {
    set,
    hash: HASH,
    placements: placementsOf(nodes, set),
    byNode: podsByNode(all),
    clock: systemClock,
  };
}

const NODES = ["n1", "n2", "n3", "n4"].map((name) => nodeOf(name));
const shown = ({ nodes, pods }: ReturnType<typeof planUpdate>) =>
  [...nodes.map((name) => `+${name}`), ...pods.map(({ metadata }) => `-${metadata.name}`)].join(" ");

describe("the update of a daemon set", () => {
  it.each<[title: string, rollingUpdate: object, pods: string, plan: string]>([
    [
      "takes one old pod",
      { maxUnavailable: 1 },
      "n1-old-ready n2-old-ready n3-old-ready n4-old-ready",
      "-n1-old-ready",
    ],
    [
      "takes a share of them, rounded up",
      { maxUnavailable: "30%" },
      "n1-old-ready n2-old-ready n3-old-ready n4-old-ready",
      "-n1-old-ready -n2-old-ready",
    ],
    [
      "waits for a new one that is not available",
      { maxUnavailable: 1 },
      "n1-new-not n2-old-ready n3-old-ready n4-old-ready",
      "",
    ],
    ["waits for a node that has none", { maxUnavailable: 1 }, "n2-old-ready n3-old-ready n4-old-ready", ""],
    [
      "does not wait for old ones that are not available",
      { maxUnavailable: 1 },
      "n1-old-not n2-old-not n3-old-ready n4-new-ready",
      "-n1-old-not -n2-old-not",
    ],
    [
      "counts a crowded node as lost",
      { maxUnavailable: 2 },
      "n1-old-ready n1-old-not n2-old-ready n3-old-ready n4-new-ready",
      "-n2-old-ready",
    ],
    [
      "counts a pod that goes as gone",
      { maxUnavailable: 1 },
      "n1-old-going n2-old-ready n3-new-ready n4-new-ready",
      "",
    ],
    [
      "moves where nothing may be lost and nothing added",
      { maxUnavailable: 0, maxSurge: 0 },
      "n1-old-ready n2-new-ready n3-new-ready n4-new-ready",
      "-n1-old-ready",
    ],
    ["adds one new pod", { maxSurge: 1 }, "n1-old-ready n2-old-ready n3-new-ready n4-new-ready", "+n1"],
    [
      "waits for the one that was added",
      { maxSurge: 1 },
      "n1-old-ready n1-new-not n2-old-ready n3-new-ready n4-new-ready",
      "",
    ],
    [
      "takes the old one once the new one serves",
      { maxSurge: 1 },
      "n1-old-ready n1-new-ready n2-old-ready n3-new-ready n4-new-ready",
      "+n2 -n1-old-ready",
    ],
    [
      "adds beside all that serve no more",
      { maxSurge: 1 },
      "n1-old-not n2-old-not n3-old-ready n4-new-ready",
      "+n1 +n2 +n3",
    ],
    [
      "keeps what serves on a node that is not meant",
      { maxSurge: 1 },
      "n1-new-ready n2-new-ready n3-new-ready n4-new-not other-old-ready",
      "",
    ],
    [
      "lets that go when enough serve",
      { maxSurge: 1 },
      "n1-new-ready n2-new-ready n3-new-ready n4-new-ready other-old-ready",
      "-other-old-ready",
    ],
    [
      "lets go what does not serve there",
      { maxSurge: 1 },
      "n1-new-ready n2-new-ready n3-new-ready n4-new-ready other-old-not",
      "-other-old-not",
    ],
  ])("%s", (_title, rollingUpdate, pods, plan) => {
    expect(shown(planUpdate(passOf(setOf(rollingUpdate), pods, NODES)))).toBe(plan);
  });
});

describe("pods of a daemon set", () => {
  const ended = () => ({
    failures: new EndedPods(systemClock, { initialMs: 1_000, maxMs: 2_000 }),
    onEnded: () => {},
    recheckIn: () => {},
  });
  const surge = { maxSurge: 1 };
  const two = NODES.slice(0, 2);
  it.each<[title: string, rollingUpdate: object, pods: string, nodes: readonly Node[], plan: string]>([
    ["come where there are none", {}, "n1-new-ready", two, "+n2"],
    ["come where one goes only when it may surge", {}, "n1-new-going n2-new-ready", two, ""],
    ["come beside one that goes when they may surge", surge, "n1-new-going n2-new-ready", two, "+n1"],
    ["go when they failed", {}, "n1-new-failed n2-new-ready", two, "-n1-new-failed"],
    ["go when there are several", {}, "n1-new-ready n1-old-ready n2-new-ready", two, "-n1-old-ready"],
    ["may be two when they surge", surge, "n1-new-not n1-old-ready n2-new-ready", two, ""],
    ["go when the new one serves", surge, "n1-new-ready n1-old-ready n2-new-ready", two, "-n1-old-ready"],
    ["go when they serve no more", surge, "n1-new-not n1-old-not n2-new-ready", two, "-n1-old-not"],
    [
      "go from nodes that cast them out",
      {},
      "n1-new-ready",
      [nodeOf("n1", { key: "k", effect: "NoExecute" })],
      "-n1-new-ready",
    ],
    [
      "stay on nodes that take no more",
      {},
      "n1-new-ready",
      [nodeOf("n1", { key: "k", effect: "NoSchedule" })],
      "",
    ],
  ])("%s", (_title, rollingUpdate, pods, nodes, plan) => {
    expect(shown(planPods(passOf(setOf(rollingUpdate), pods, nodes), ended()))).toBe(plan);
  });

  it("belong on nodes by name, labels and taints that they do not bear", () => {
    const on = (template: Partial<PodSpec>, ...taints: Taint[]) =>
      placementsOf([nodeOf("n1", ...taints)], setOf({}, template)).get("n1")!.shouldRun;
    expect(on({})).toBe(true);
    expect(on({ nodeName: "n1" })).toBe(true);
    expect(on({ nodeName: "n2" })).toBe(false);
    expect(on({ nodeSelector: { name: "n1" } })).toBe(true);
    expect(on({ nodeSelector: { name: "n2" } })).toBe(false);
    expect(on({}, { key: "node.kubernetes.io/memory-pressure", effect: "NoSchedule" })).toBe(true);
    expect(on({}, { key: "node.kubernetes.io/network-unavailable", effect: "NoSchedule" })).toBe(false);
    expect(
      on({ hostNetwork: true }, { key: "node.kubernetes.io/network-unavailable", effect: "NoSchedule" }),
    ).toBe(true);
    expect(on({}, { key: "k", effect: "PreferNoSchedule" })).toBe(true);
  });

  it("bear what all daemons bear, without an end", () => {
    const mine = {
      key: "node.kubernetes.io/not-ready",
      operator: "Exists",
      effect: "NoExecute",
      tolerationSeconds: 5,
    };
    const [first, ...others] = daemonTolerations({ tolerations: [mine, { operator: "Exists" }] });
    expect(first).toEqual({ key: mine.key, operator: "Exists", effect: "NoExecute" });
    expect(others).toHaveLength(6);
  });

  it("say which node they are for, and keep what they prefer", () => {
    const preferred = [{ weight: 1, preference: {} }];
    const affinity = { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: preferred } };
    const { metadata, spec } = daemonTemplate(setOf({}, { affinity }), HASH, "n1");
    expect(metadata!.labels).toEqual({
      app: "agent",
      "controller-revision-hash": HASH,
      "pod-template-generation": "3",
    });
    expect(spec!.affinity!.nodeAffinity!.preferredDuringSchedulingIgnoredDuringExecution).toBe(preferred);
    expect(targetNodeOf({ metadata, spec } as Pod)).toBe("n1");
    expect(targetNodeOf({ spec: {} } as Pod)).toBeUndefined();
  });
});
