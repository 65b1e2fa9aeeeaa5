import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { IPBlock, NetworkPolicy } from "../api/index.ts";
import type { PolicedPod } from "./policed-pod.ts";
import { PolicyWorld } from "./policy-world.ts";
import { mayConnect, type State } from "./testing/oracle.ts";
import { type Connection, SimulatedTable } from "./testing/simulated-table.ts";
import { ALL, labelsOf, podOf, policy, ThreeByThree } from "./testing/three-by-three.ts";

const FAMILIES = [4, 6] as const;
const newWorld = () => new PolicyWorld({ table: "t", families: FAMILIES, nameServers: [] });

/** Few of everything, so that much of it meets. */
const namespace = fc.constantFrom("x", "y", "z");
const label = fc.constantFrom("a", "b", "c");
const labels = fc.record({ app: label }, { requiredKeys: [] }) as fc.Arbitrary<Record<string, string>>;
const address = fc.constantFrom("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.1.1", "fd00::1", "fd00::2");
const namedPort = fc.record({
  name: fc.constantFrom("web", "alt"),
  protocol: fc.constantFrom("tcp" as const, "udp" as const),
  port: fc.constantFrom(80, 81),
});
const uid = fc.constantFrom("1", "2", "3", "4", "5");
const podEvent = fc.record({
  kind: fc.constant("pod" as const),
  pod: fc.record({
    uid,
    namespace,
    labels,
    addresses: fc.uniqueArray(address, { maxLength: 2 }),
    ports: fc.array(namedPort, { maxLength: 2 }),
    isLocal: fc.boolean(),
  }),
  isGone: fc.boolean(),
});
const selector = fc.oneof(
  fc.constant({}),
  fc.record({ matchLabels: fc.record({ app: label }) }),
  fc.record({
    matchExpressions: fc.tuple(
      fc.record({
        key: fc.constant("app"),
        operator: fc.constantFrom("In", "NotIn"),
        values: fc.uniqueArray(label, { minLength: 1, maxLength: 2 }),
      }),
    ),
  }),
);
const peer = fc.oneof(
  fc.record({ podSelector: selector }),
  fc.record({ namespaceSelector: selector }),
  fc.record({ podSelector: selector, namespaceSelector: selector }),
  fc.record({
    ipBlock: fc.constantFrom<IPBlock>(
      { cidr: "10.0.0.0/24", except: ["10.0.0.2/32"] },
      { cidr: "10.0.1.1/32" },
      { cidr: "0.0.0.0/0" },
      { cidr: "fd00::/16", except: ["fd00::1/128"] },
    ),
  }),
);
const port = fc.oneof(
  fc.record({ protocol: fc.constantFrom("TCP", "UDP") }),
  fc.record({ protocol: fc.constantFrom("TCP", "UDP"), port: fc.constantFrom(80, 81, "web", "alt") }),
  fc.constant({ protocol: "TCP", port: 80, endPort: 81 }),
);
const peersAndPorts = fc.tuple(fc.array(peer, { maxLength: 3 }), fc.array(port, { maxLength: 3 }));
const policyEvent = fc.record({
  kind: fc.constant("policy" as const),
  object: fc
    .record({
      name: fc.constantFrom("one", "two"),
      namespace,
      podSelector: selector,
      types: fc.subarray(["Ingress", "Egress"], { minLength: 1 }),
      ingress: fc.array(peersAndPorts, { maxLength: 2 }),
      egress: fc.array(peersAndPorts, { maxLength: 2 }),
    })
    .map(({ name, namespace: where, podSelector, types, ingress, egress }) =>
      policy(
        {
          podSelector,
          policyTypes: types,
          ingress: ingress.map(([from, ports]) => ({ from, ports })),
          egress: egress.map(([to, ports]) => ({ to, ports })),
        },
        name,
        where,
      ),
    ),
  isGone: fc.boolean(),
});
const namespaceEvent = fc.record({
  kind: fc.constant("namespace" as const),
  name: namespace,
  labels,
  isGone: fc.boolean(),
});
const event = fc.oneof(podEvent, policyEvent, namespaceEvent);
type Event = typeof event extends fc.Arbitrary<infer T> ? T : never;

class History {
  readonly namespaces = new Map<string, Record<string, string>>();
  readonly pods = new Map<string, PolicedPod>();
  readonly policies = new Map<string, NetworkPolicy>();
  #rank = 0;

  apply(world: PolicyWorld, one: Event): void {
    if (one.kind === "pod") {
      const next = one.isGone ? undefined : { ...one.pod, rank: ++this.#rank };
      // What a pod is called, where it is and runs does not change in its life.
      const before = this.pods.get(one.pod.uid);
      const pod =
        next && before
          ? { ...next, namespace: before.namespace, isLocal: before.isLocal, rank: before.rank }
          : next;
      put(this.pods, one.pod.uid, pod);
      world.setPod(one.pod.uid, pod);
    } else if (one.kind === "policy") {
      const key = `${one.object.metadata.namespace}/${one.object.metadata.name}`;
      const next = one.isGone ? undefined : one.object;
      put(this.policies, key, next);
      world.setPolicy(key, next);
    } else {
      const next = one.isGone ? undefined : one.labels;
      put(this.namespaces, one.name, next);
      world.setNamespace(one.name, next);
    }
  }

  get state(): State {
    return {
      namespaces: this.namespaces,
      pods: [...this.pods.values()],
      policies: [...this.policies.values()],
    };
  }
}

function put<T>(map: Map<string, T>, key: string, value: T | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}

function connections(): Connection[] {
  const four = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.1.1", "192.0.2.1"];
  const six = ["fd00::1", "fd00::2", "2001:db8::1"];
  const pairs = [four, six].flatMap((all) => all.flatMap((from) => all.map((to) => ({ from, to }))));
  return pairs
    .filter(({ from, to }) => from !== to)
    .flatMap((pair) =>
      (["tcp", "udp"] as const).flatMap((protocol) => [80, 81].map((port) => ({ ...pair, protocol, port }))),
    );
}

describe("whatever happens in whatever order", () => {
  const PROBES = connections();

  it("lets through what the API's text says, by changes as by writing all anew", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(event, fc.constantFrom("wait", "write", "write and collect", "write anew")), {
          minLength: 1,
          maxLength: 40,
          size: "max",
        }),
        (events) => {
          const world = newWorld();
          const kernel = new SimulatedTable();
          const history = new History();
          kernel.apply(world.table.renderAll());
          for (const [one, then] of events) {
            history.apply(world, one);
            // Told twice is told once.
            if (one.kind === "policy") history.apply(world, one);
            if (then === "write anew") kernel.apply(world.table.renderAll());
            else if (then !== "wait") kernel.apply(world.table.commandsOf(world.table.takeChanges()));
            if (then === "write and collect") kernel.apply(world.table.takeGarbage());
          }
          kernel.apply(world.table.commandsOf(world.table.takeChanges()));
          kernel.apply(world.table.takeGarbage());
          const { state } = history;
          for (const probe of PROBES)
            if (kernel.allows(probe) !== mayConnect(state, probe))
              throw new Error(
                JSON.stringify({ probe, state: { ...state, namespaces: [...state.namespaces] } }),
              );
          const anew = new SimulatedTable();
          const other = newWorld();
          for (const one of state.policies)
            other.setPolicy(`${one.metadata.namespace}/${one.metadata.name}`, one);
          for (const pod of [...state.pods].reverse()) other.setPod(pod.uid, pod);
          for (const [name, own] of state.namespaces) other.setNamespace(name, own);
          anew.apply(other.table.renderAll());
          expect(kernel.contents()).toEqual(anew.contents());
          anew.apply(world.table.renderAll());
          expect(kernel.contents()).toEqual(anew.contents());
        },
      ),
      { numRuns: 400 },
    );
  });

  it("goes on from any table of an earlier run", () => {
    const worldAfter = (events: readonly Event[]) => {
      const world = newWorld();
      const history = new History();
      for (const one of events) history.apply(world, one);
      return world;
    };
    const list = fc.array(event, { minLength: 1, maxLength: 20, size: "max" });
    fc.assert(
      fc.property(list, list, (before, after) => {
        const kernel = new SimulatedTable();
        const earlier = worldAfter(before).table.renderAll();
        kernel.apply(earlier);
        const mark = /chain (base_\w+)/.exec(earlier)![1]!;
        const next = worldAfter(after);
        const found = {
          sets: new Map([...kernel.sets].map(([name, elements]) => [name, new Map(elements)])),
          chains: new Set([...kernel.chains.keys(), mark, "ingress", "egress", "questions"]),
        };
        expect(next.table.adopt(found)).toBe(true);
        kernel.apply(next.table.commandsOf(next.table.takeChanges()));
        kernel.apply(next.table.takeGarbage());
        const anew = new SimulatedTable();
        anew.apply(next.table.renderAll());
        expect(kernel.contents()).toEqual(anew.contents());
      }),
      { numRuns: 200 },
    );
  });
});

describe("changes", () => {
  const denyAll = policy({ policyTypes: ["Ingress"] });

  it("follow the size of the change", () => {
    const cluster = new ThreeByThree();
    for (let index = 0; index < 50; index++)
      cluster.setPolicy(
        policy({ ingress: [{ from: [{ podSelector: { matchLabels: { n: `${index}` } } }] }] }, `p${index}`),
      );
    cluster.commit();
    const pod = podOf("y/a", { labels: { n: "7" } });
    cluster.setPod(pod);
    expect(cluster.world.table.commandsOf(cluster.world.table.takeChanges())).toEqual([]);
    cluster.setPod(podOf("x/b", { labels: { n: "7" } }));
    expect(cluster.world.table.commandsOf(cluster.world.table.takeChanges())).toEqual([
      expect.stringMatching(/^add element inet t pods_\w+_4 \{ 10\.244\.1\.2 \}$/),
    ]);
  });

  it("write nothing for what is as it was", () => {
    const cluster = new ThreeByThree();
    cluster.setPolicy(denyAll);
    cluster.commit();
    cluster.setPolicy(denyAll);
    for (const where of ALL) cluster.setPod(podOf(where));
    cluster.world.setNamespace("x", labelsOf("x"));
    expect(cluster.world.table.commandsOf(cluster.world.table.takeChanges())).toEqual([]);
    expect(cluster.world.table.takeGarbage()).toEqual([]);
  });

  it("isolate pods of this node only, and know all others as peers", () => {
    const cluster = new ThreeByThree();
    cluster.setPod(podOf("x/c", { nodeName: "node-2" }));
    cluster.setPolicy(policy({ ingress: [{ from: [{ podSelector: { matchLabels: { pod: "c" } } }] }] }));
    cluster.commit();
    expect(cluster.allows("y/a", "x/a")).toBe(false);
    expect(cluster.allows("x/c", "x/a")).toBe(true);
    expect(cluster.allows("y/a", "x/c")).toBe(true);
  });

  it("follow labels of pods and namespaces", () => {
    const cluster = new ThreeByThree();
    cluster.setPolicy(
      policy({
        podSelector: { matchLabels: { pod: "a" } },
        ingress: [
          {
            from: [
              {
                namespaceSelector: { matchLabels: { team: "blue" } },
                podSelector: { matchLabels: { role: "client" } },
              },
            ],
          },
        ],
      }),
    );
    cluster.commit();
    expect(cluster.allows("y/b", "x/a")).toBe(false);
    cluster.setPod(podOf("y/b", { labels: { role: "client" } }));
    cluster.commit();
    expect(cluster.allows("y/b", "x/a")).toBe(false);
    cluster.world.setNamespace("y", { ...labelsOf("y"), team: "blue" });
    cluster.commit();
    expect(cluster.allows("y/b", "x/a")).toBe(true);
    expect(cluster.allows("y/c", "x/a")).toBe(false);
    cluster.setPod(podOf("y/b"));
    cluster.commit();
    expect(cluster.allows("y/b", "x/a")).toBe(false);
    // One that is not selected any more is free.
    cluster.setPod(podOf("x/a", { labels: { pod: "z" } }));
    cluster.commit();
    expect(cluster.allows("y/b", "x/a")).toBe(true);
  });

  it("give an address that two pods claim to the newer, and back when that goes", () => {
    const cluster = new ThreeByThree();
    cluster.setPolicy(policy({ ingress: [{ from: [{ podSelector: { matchLabels: { pod: "b" } } }] }] }));
    const old = podOf("x/b");
    const fresh = { ...podOf("y/b"), uid: "fresh", addresses: old.addresses, rank: 5 };
    cluster.commit();
    expect(cluster.allows("x/b", "x/a")).toBe(true);
    cluster.setPod(fresh);
    cluster.commit();
    expect(cluster.allows("x/b", "x/a")).toBe(false);
    cluster.setPod(old);
    cluster.commit();
    expect(cluster.allows("x/b", "x/a")).toBe(false);
    cluster.world.setPod("fresh", undefined);
    cluster.commit();
    expect(cluster.allows("x/b", "x/a")).toBe(true);
  });
});
