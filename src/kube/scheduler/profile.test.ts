import { dump } from "js-yaml";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../base/index.ts";
import { labelSelectorFromSet } from "../../formats/index.ts";
import type { Pod } from "../api/index.ts";
import type { KubeClient } from "../client/index.ts";
import { readSchedulerConfiguration } from "./config/index.ts";
import { NO_TIMER } from "./point-timer.ts";
import { createProfile } from "./profile.ts";
import type { Selection } from "./select-node.ts";
import { clusterOf, node, type PodOptions, pod } from "./testing/objects.ts";
import { storageOf } from "./testing/storage.ts";

/** A scheduler's profile as its file says that it is. */
function profileOf(fields: object) {
  const configuration = readSchedulerConfiguration(
    dump({
      apiVersion: "kubescheduler.config.k8s.io/v1",
      kind: "KubeSchedulerConfiguration",
      profiles: [fields],
    }),
  );
  return createProfile(configuration.profiles[0]!, {
    plugins: {
      client: {} as KubeClient,
      clock: systemClock,
      objects: storageOf({}),
      nodeOf: () => undefined,
      isWaiting: () => true,
      together: ({ metadata: { labels } }) => (labels ? labelSelectorFromSet(labels) : undefined),
    },
    general: configuration,
    budgets: () => [],
    extenders: undefined,
    timerOf: () => NO_TIMER,
  });
}

const outcome = (selection: Selection): string =>
  selection.node ?? ("message" in selection ? selection.message : "");
const chosen = (fields: object, one: Pod, cluster: ReturnType<typeof clusterOf>): string =>
  outcome(profileOf(fields).selector.select(one, cluster));
const args = (name: string, given: object) => ({ pluginConfig: [{ name, args: given }] });
/** Only this plugin rates nodes. */
const ratedBy = (name: string, more: object = {}) => ({
  plugins: { score: { disabled: [{ name: "*" }], enabled: [{ name }] } },
  ...more,
});
const zoned = (name: string, zone: string, cpu = "4") => node(name, { cpu, labels: { zone } });

describe("a profile", () => {
  const busy = () => clusterOf([node("busy"), node("idle")], [pod({ node: "busy", cpu: "1" })]);
  const strategy = (scoringStrategy: object) =>
    ratedBy("NodeResourcesFit", args("NodeResourcesFit", { scoringStrategy }));
  const ratio = (shape: [number, number][]) =>
    strategy({
      type: "RequestedToCapacityRatio",
      resources: [{ name: "cpu" }],
      requestedToCapacityRatio: { shape: shape.map(([utilization, score]) => ({ utilization, score })) },
    });

  it.each<[string, object, string]>([
    ["least allocated, where nothing is said", ratedBy("NodeResourcesFit"), "idle"],
    ["most allocated", strategy({ type: "MostAllocated" }), "busy"],
    [
      "the fuller, by a shape",
      ratio([
        [0, 0],
        [100, 10],
      ]),
      "busy",
    ],
    [
      "the emptier, by a shape",
      ratio([
        [0, 10],
        [100, 0],
      ]),
      "idle",
    ],
  ])("chooses the %s node", (_, fields, expected) => {
    expect(chosen(fields, pod({ cpu: "100m" }), busy())).toBe(expected);
  });

  it("looks at other resources where it is told to", () => {
    const cluster = clusterOf([node("a"), node("b")]);
    for (const [name, devices] of [
      ["a", "8"],
      ["b", "2"],
    ] as const)
      cluster.setNode({
        ...cluster.node(name)!.node,
        status: { allocatable: { cpu: "2", memory: "4Gi", pods: "110", "x.y/gpu": devices } },
      });
    const fields = strategy({ type: "MostAllocated", resources: [{ name: "x.y/gpu", weight: 5 }] });
    const requests = { "x.y/gpu": "1" };
    expect(chosen(fields, pod({ spec: { containers: [{ resources: { requests } }] } }), cluster)).toBe("b");
  });

  it("leaves resources to others that they count", () => {
    const requests = { "x.y/gpu": "1" };
    const one = pod({ spec: { containers: [{ resources: { requests } }] } });
    expect(chosen({}, one, clusterOf([node("a")]))).toMatch(/1 Insufficient x\.y\/gpu\./);
    expect(
      chosen(args("NodeResourcesFit", { ignoredResources: ["x.y/gpu"] }), one, clusterOf([node("a")])),
    ).toBe("a");
    expect(
      chosen(args("NodeResourcesFit", { ignoredResourceGroups: ["x.y"] }), one, clusterOf([node("a")])),
    ).toBe("a");
  });

  it("keeps its pods on the nodes of its added affinity, and prefers some of them", () => {
    const cluster = clusterOf([zoned("a", "1"), zoned("b", "2"), zoned("c", "3")]);
    const term = (...values: string[]) => ({ matchExpressions: [{ key: "zone", operator: "In", values }] });
    const added = (more: object) => args("NodeAffinity", { addedAffinity: more });
    const required = (...values: string[]) => ({
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term(...values)] },
    });
    expect(chosen(added(required("2")), pod(), cluster)).toBe("b");
    expect(chosen(added(required("2")), pod({ spec: { nodeSelector: { zone: "1" } } }), cluster)).toBe(
      "0/3 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 2 node(s) didn't match scheduler-enforced node affinity. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.",
    );
    const preferring = {
      preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 50, preference: term("3") }],
    };
    expect(chosen(added(preferring), pod(), cluster)).toBe("c");
  });

  it("spreads what belongs together as its default constraints say", () => {
    const cluster = clusterOf(
      [zoned("a", "1"), zoned("b", "2", "100m")],
      [pod({ node: "a", labels: { app: "x" } })],
    );
    const constraint = { maxSkew: 1, topologyKey: "zone", whenUnsatisfiable: "DoNotSchedule" };
    const fields = args("PodTopologySpread", { defaultingType: "List", defaultConstraints: [constraint] });
    const one = (more: PodOptions) => pod({ cpu: "1", ...more });
    expect(chosen(fields, one({ labels: { app: "x" } }), cluster)).toMatch(
      /^0\/2 nodes are available: 1 Insufficient cpu, 1 node\(s\) didn't match pod topology spread constraints\./,
    );
    expect(chosen(fields, one({}), cluster)).toBe("a");
  });

  it("without DefaultPreemption drives nobody out, and says nothing of it", () => {
    const cluster = clusterOf([node("a", { cpu: "1" })], [pod({ node: "a", cpu: "1", priority: 0 })]);
    const fields = { plugins: { postFilter: { disabled: [{ name: "DefaultPreemption" }] } } };
    expect(chosen(fields, pod({ cpu: "1", priority: 9 }), cluster)).toBe(
      "0/1 nodes are available: 1 Insufficient cpu.",
    );
  });

  it("without a filter does not judge by it; without scores takes the first that fits", () => {
    const cluster = clusterOf([node("a", { unschedulable: true }), node("b")]);
    const score = { disabled: [{ name: "*" }] };
    const filter = { disabled: [{ name: "NodeUnschedulable" }] };
    expect(chosen({ plugins: { score } }, pod(), cluster)).toBe("b");
    expect(chosen({ plugins: { filter, score } }, pod(), cluster)).toBe("a");
    const multiPoint = { disabled: [{ name: "NodeUnschedulable" }, { name: "TaintToleration" }] };
    expect(chosen({ plugins: { multiPoint, score: { disabled: [{ name: "*" }] } } }, pod(), cluster)).toBe(
      "a",
    );
  });

  it("weighs scores as it is told", () => {
    const cluster = () =>
      clusterOf(
        [node("busy", { labels: { disk: "ssd" } }), node("idle")],
        [pod({ node: "busy", cpu: "1900m" })],
      );
    const preferred = [
      { weight: 1, preference: { matchExpressions: [{ key: "disk", operator: "Exists" }] } },
    ];
    const affinity = { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: preferred } };
    const one = () => pod({ cpu: "10m", spec: { affinity } });
    const weighing = (fit: number, affinityWeight: number) => ({
      plugins: {
        score: {
          disabled: [{ name: "*" }],
          enabled: [
            { name: "NodeResourcesFit", weight: fit },
            { name: "NodeAffinity", weight: affinityWeight },
          ],
        },
      },
    });
    expect(chosen(weighing(1, 9), one(), cluster())).toBe("busy");
    expect(chosen(weighing(9, 1), one(), cluster())).toBe("idle");
  });
});
