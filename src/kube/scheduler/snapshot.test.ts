import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Node, Pod } from "../api/index.ts";
import { FREE_CPU, FREE_MEMORY, FREE_PODS, RATED_CPU } from "./node-figures.ts";
import { Snapshot } from "./snapshot.ts";

const node = (name: string, zone?: string, cpu = "4") =>
  ({
    metadata: { name, labels: zone === undefined ? {} : { zone } },
    status: { allocatable: { cpu, memory: "1Gi", pods: "10" } },
  }) as unknown as Node;
const pod = (uid: string, nodeName?: string, cpu = "100m", app = "x", phase = "Running") =>
  ({
    metadata: { name: uid, namespace: "default", uid, labels: { app } },
    spec: { nodeName, containers: [{ resources: { requests: { cpu } } }] },
    status: { phase },
  }) as unknown as Pod;

/** What a snapshot says, in plain values. */
function shown(snapshot: Snapshot) {
  return {
    nodes: snapshot.nodes.map((one) => [
      one.name,
      one.pods.size,
      one.requested.get("cpu") ?? 0,
      one.figures[RATED_CPU],
    ]),
    groups: [...snapshot.groups.in()]
      .flatMap((group) => [...group.nodes].map(([name, count]) => [group.labels.app, name, count]))
      .sort(),
  };
}

describe("the scheduler's snapshot", () => {
  it("counts pods that come before their node, and again when the node comes back", () => {
    const snapshot = new Snapshot();
    snapshot.setPod(pod("p", "a"));
    snapshot.setNode(node("a"));
    expect(shown(snapshot).nodes).toEqual([["a", 1, 100, 100]]);
    snapshot.removeNode("a");
    snapshot.setPod(pod("q", "a", "200m"));
    expect(snapshot.nodes).toEqual([]);
    snapshot.setNode(node("a"));
    expect(shown(snapshot).nodes).toEqual([["a", 2, 300, 300]]);
  });

  it("holds an assumed place until the pod's own event says otherwise", () => {
    const snapshot = new Snapshot();
    snapshot.setNode(node("a"));
    snapshot.setNode(node("b"));
    snapshot.assume(pod("p"), "a");
    // Its condition changes before the binding is seen.
    snapshot.setPod(pod("p"));
    expect(shown(snapshot).nodes).toEqual([
      ["a", 1, 100, 100],
      ["b", 0, 0, 0],
    ]);
    snapshot.setPod(pod("p", "b"));
    snapshot.forget("p");
    expect(shown(snapshot).nodes).toEqual([
      ["a", 0, 0, 0],
      ["b", 1, 100, 100],
    ]);
    snapshot.setPod(pod("p", "b", "100m", "x", "Succeeded"));
    expect(shown(snapshot)).toEqual({
      nodes: [
        ["a", 0, 0, 0],
        ["b", 0, 0, 0],
      ],
      groups: [],
    });
  });

  it("says after any events what it would say had it only seen the last of each", () => {
    const event = fc.record({
      kind: fc.constantFrom("set", "assume", "forget", "remove", "node", "noNode"),
      uid: fc.constantFrom("p", "q", "r"),
      node: fc.constantFrom("a", "b", undefined),
      cpu: fc.constantFrom("100m", "250m"),
      app: fc.constantFrom("x", "y"),
      zone: fc.constantFrom("1", "2", undefined),
      looks: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        const snapshot = new Snapshot();
        const pods = new Map<string, { one: Pod; at: string; assumed: boolean }>();
        const nodes = new Map<string, Node>();
        for (const { kind, uid, node: name, cpu, app, zone, looks } of events) {
          if (looks) snapshot.topologyValues("zone");
          if (kind === "node" && name) {
            const one = node(name, zone, cpu);
            snapshot.setNode(one);
            nodes.set(name, one);
          } else if (kind === "noNode" && name) {
            snapshot.removeNode(name);
            nodes.delete(name);
          } else if (kind === "set") {
            const one = pod(uid, name, cpu, app);
            snapshot.setPod(one);
            if (name) pods.set(uid, { one, at: name, assumed: false });
            else if (!pods.get(uid)?.assumed) pods.delete(uid);
          } else if (kind === "assume" && name) {
            const one = pod(uid, undefined, cpu, app);
            snapshot.assume(one, name);
            pods.set(uid, { one, at: name, assumed: true });
          } else if (kind === "forget") {
            snapshot.forget(uid);
            if (pods.get(uid)?.assumed) pods.delete(uid);
          } else if (kind === "remove") {
            snapshot.removePod(uid);
            pods.delete(uid);
          }
        }
        const fresh = new Snapshot();
        for (const { name } of snapshot.nodes) fresh.setNode(nodes.get(name)!);
        for (const { one, at } of pods.values()) fresh.assume(one, at);
        expect(shown(snapshot)).toEqual(shown(fresh));
        expect(new Set(snapshot.nodes.map((one) => one.name))).toEqual(new Set(nodes.keys()));
        const figures = ({ nodes }: Snapshot) => nodes.map((one) => [...one.figures]);
        expect(figures(snapshot)).toEqual(figures(fresh));
        expect(snapshot.topologyValues("zone")).toEqual(fresh.topologyValues("zone"));
        for (const one of snapshot.nodes) {
          const free = (name: string) => (one.allocatable.get(name) ?? 0) - (one.requested.get(name) ?? 0);
          const { figures } = one;
          expect([figures[FREE_PODS], figures[FREE_CPU], figures[FREE_MEMORY]]).toEqual([
            10 - one.pods.size,
            free("cpu"),
            free("memory"),
          ]);
        }
      }),
    );
  });
});
