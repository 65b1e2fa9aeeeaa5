import { describe, expect, it } from "vitest";
import type { Pod, PodDisruptionBudget } from "../../api/index.ts";
import { NodeSelector, type Selection } from "../select-node.ts";
import type { Snapshot } from "../snapshot.ts";
import { clusterOf, node, pod } from "../testing/objects.ts";
import { defaultPlugins } from "../testing/plugins.ts";

const select = (snapshot: Snapshot, one: Pod, budgets: PodDisruptionBudget[] = []): Selection =>
  new NodeSelector(defaultPlugins, { random: () => 0, budgets: () => budgets }).select(one, snapshot);

/** `NODE: victims`, or why there are none. */
function outcome(selection: Selection): string {
  if (selection.node !== undefined) return `fits ${selection.node}`;
  const { nominate, victims = [] } = selection.preemption;
  const names = victims.map(({ metadata }) => metadata.name);
  return victims.length > 0 ? `${nominate}: ${names.join(" ")}` : selection.message;
}

const budget = (labels: Record<string, string>, disruptionsAllowed: number): PodDisruptionBudget =>
  ({
    metadata: { name: "b", namespace: "default" },
    spec: { selector: { matchLabels: labels } },
    status: { disruptionsAllowed },
  }) as unknown as PodDisruptionBudget;

const started = (minute: number) => ({ startTime: `2026-01-01T00:${String(minute).padStart(2, "0")}:00Z` });

/** A pod that takes the half of a node. */
const half = (name: string, on: string, priority: number, more: object = {}) =>
  pod({ name, node: on, cpu: "1", priority, ...more });
const incoming = (more: object = {}) => pod({ name: "high", cpu: "1500m", priority: 1000, ...more });

describe("whom a pod drives out", () => {
  it.each<[string, Pod[], string, PodDisruptionBudget[]?]>([
    ["all that must go", [half("x", "a", 1), half("y", "a", 2)], "a: y x"],
    [
      "no more than that, and the least important",
      [
        pod({ name: "x", node: "a", cpu: "500m", priority: 5 }),
        pod({ name: "y", node: "a", cpu: "1", priority: 1 }),
      ],
      "a: y",
    ],
    ["nobody of its own rank", [half("x", "a", 1000), half("y", "a", 1000)], "No preemption victims found"],
    [
      "nobody where that does not help",
      [half("x", "a", 1000), half("y", "a", 1)],
      "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 Insufficient cpu.",
    ],
    [
      "those that no budget protects",
      [
        half("x", "a", 1, { labels: { app: "db" }, cpu: "500m" }),
        half("y", "a", 2, { cpu: "500m" }),
        half("z", "a", 3),
      ],
      "a: z y",
      [budget({ app: "db" }, 0)],
    ],
  ])("are %s", (_, pods, wanted, budgets = []) => {
    expect(outcome(select(clusterOf([node("a")], pods), incoming(), budgets))).toContain(wanted);
  });

  it.each<[string, Pod[], string, PodDisruptionBudget[]?]>([
    [
      "with the fewest violated budgets",
      [half("x", "a", 1, { labels: { app: "db" } }), half("w", "a", 1), half("y", "b", 9), half("z", "b", 9)],
      "b: y z",
      [budget({ app: "db" }, 0)],
    ],
    [
      "with the least important first victim",
      [half("w", "a", 5), half("x", "a", 0), half("y", "b", 4), half("z", "b", 4)],
      "b: y z",
    ],
    [
      "with the least sum",
      [half("w", "a", 5), half("x", "a", 4), half("y", "b", 5), half("z", "b", 3)],
      "b: y z",
    ],
    [
      "with the fewest",
      [half("w", "a", 1), half("x", "a", 1), pod({ name: "y", node: "b", cpu: "2", priority: 1 })],
      "b: y",
    ],
    [
      "whose victims are the youngest",
      [
        pod({ name: "w", node: "a", cpu: "2", priority: 1, status: started(1) }),
        pod({ name: "x", node: "b", cpu: "2", priority: 1, status: started(9) }),
      ],
      "b: x",
    ],
  ])("is on the node %s", (_, pods, wanted, budgets = []) => {
    expect(outcome(select(clusterOf([node("a"), node("b")], pods), incoming(), budgets))).toBe(wanted);
  });

  it("leaves out nodes on which nothing helps, and tells of all", () => {
    const snapshot = clusterOf(
      [node("a"), node("b", { taints: [{ key: "k", effect: "NoSchedule" }] }), node("c", { cpu: "1" })],
      [half("x", "a", 2000), half("y", "b", 1)],
    );
    expect(outcome(select(snapshot, incoming()))).toBe(
      "0/3 nodes are available: 1 node(s) had untolerated taint {k: }, 2 Insufficient cpu. preemption: 0/3 nodes are available: 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling.",
    );
  });

  it("is nobody where the pod never drives out others", () => {
    const one = incoming({
      spec: {
        preemptionPolicy: "Never",
        containers: [{ resources: { requests: { cpu: "2" } } }],
        priority: 9,
      },
    });
    expect(outcome(select(clusterOf([node("a")], [half("x", "a", 1)]), one))).toBe(
      "0/1 nodes are available: 1 Insufficient cpu. preemption: not eligible due to preemptionPolicy=Never.",
    );
  });

  it("waits for those that go already", () => {
    const going = half("x", "a", 1, {
      metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" },
      status: { conditions: [{ type: "DisruptionTarget", status: "True", reason: "PreemptionByScheduler" }] },
    });
    const snapshot = clusterOf([node("a")], [going]);
    const one = incoming();
    snapshot.nominator.set(one, "a");
    const selection = select(snapshot, one);
    expect(outcome(selection)).toBe(
      "0/1 nodes are available: 1 Insufficient cpu. preemption: not eligible due to a terminating pod on the nominated node.",
    );
    expect(selection).toMatchObject({ preemption: { message: expect.any(String) } });
    expect((selection as { preemption: object }).preemption).not.toHaveProperty("nominate");
    snapshot.removePod("x");
    expect(select(snapshot, one).node).toBe("a");
  });

  it("leaves everything as it was", () => {
    const labels = { app: "web" };
    const far = {
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { topologyKey: "kubernetes.io/hostname", labelSelector: { matchLabels: labels } },
          ],
        },
      },
    };
    const snapshot = clusterOf(
      [node("a"), node("b")],
      [half("x", "a", 1, { labels }), half("y", "b", 5000, { labels })],
    );
    const one = pod({ name: "apart", priority: 10, labels, spec: { ...far, priority: 10, containers: [] } });
    expect(outcome(select(snapshot, one))).toBe("a: x");
    expect(outcome(select(snapshot, one))).toBe("a: x");
    expect(snapshot.node("a")!.pods.size).toBe(1);
    expect(snapshot.node("a")!.requested.get("cpu")).toBe(1000);
  });

  it("goes by what its going changes of spread and affinity", () => {
    const labels = { app: "web" };
    const spread = {
      priority: 10,
      containers: [],
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: "kubernetes.io/hostname",
          whenUnsatisfiable: "DoNotSchedule",
          labelSelector: { matchLabels: labels },
        },
      ],
    };
    const pods = [half("x", "a", 1, { labels, cpu: "1m" }), half("y", "a", 2, { labels, cpu: "1m" })];
    const snapshot = clusterOf([node("a"), node("b", { unschedulable: true })], pods);
    // With the other node empty, one may be here: both must go.
    expect(outcome(select(snapshot, pod({ labels, spec: spread })))).toBe("a: y x");
  });
});

describe("a node in prospect", () => {
  it("is not given to those who are less important, and is to others", () => {
    const snapshot = clusterOf([node("a")]);
    const expected = pod({ name: "expected", cpu: "2", priority: 10 });
    snapshot.nominator.set(expected, "a");
    expect(select(snapshot, pod({ cpu: "1", priority: 5 })).node).toBeUndefined();
    expect(select(snapshot, pod({ cpu: "1", priority: 10 })).node).toBeUndefined();
    expect(select(snapshot, pod({ cpu: "1", priority: 11 })).node).toBe("a");
    expect(select(snapshot, expected).node).toBe("a");
    snapshot.nominator.remove("expected");
    expect(select(snapshot, pod({ cpu: "1", priority: 5 })).node).toBe("a");
  });

  it("keeps away whom its pod cannot bear", () => {
    const snapshot = clusterOf(
      [node("a")],
      [pod({ node: "a", spec: { affinity: { podAntiAffinity: {} } } })],
    );
    const apart = {
      priority: 10,
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { topologyKey: "kubernetes.io/hostname", labelSelector: { matchLabels: { app: "web" } } },
          ],
        },
      },
    };
    snapshot.nominator.set(pod({ name: "apart", spec: apart }), "a");
    const selection = select(snapshot, pod({ labels: { app: "web" } }));
    expect(outcome(selection)).toContain("1 node(s) didn't satisfy existing pods anti-affinity rules.");
    expect(select(snapshot, pod({ labels: { app: "x" } })).node).toBe("a");
  });
});

describe("a pod that names its nodes", () => {
  const named = (...terms: object[][]) => ({
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: terms.map((matchFields) => ({ matchFields })),
        },
      },
    },
  });
  const is = (...values: string[]) => ({ key: "metadata.name", operator: "In", values });
  const nodes = [node("a"), node("b", { cpu: "1m" }), node("c")];

  it.each<[string, object, string]>([
    ["one", named([is("c")]), "fits c"],
    [
      "one that is full",
      named([is("b")]),
      "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't satisfy plugin(s) [NodeAffinity]. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.",
    ],
    ["several, of which one will do", named([is("b")], [is("a"), is("a", "c")]), "fits a"],
    [
      "none in common",
      named([is("a"), is("b")]),
      "0/3 nodes are available: pod affinity terms conflict. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.",
    ],
  ])("%s", (_, spec, wanted) => {
    const containers = [{ resources: { requests: { cpu: "1" } } }];
    expect(outcome(select(clusterOf(nodes), pod({ spec: { ...spec, containers } })))).toBe(wanted);
  });
});
