import { describe, expect, it } from "vitest";
import type { EndpointSlice, Node, Pod, Service } from "../../api/index.ts";
import { endpointsOf, type SliceEndpoint } from "./endpoints-of.ts";
import { MAX_ENDPOINTS, planSlices } from "./plan.ts";

function pod(
  name: string,
  options: { ready?: boolean; deleting?: boolean; port?: number; phase?: string } = {},
): Pod {
  return {
    metadata: {
      name,
      namespace: "default",
      uid: `uid-${name}`,
      ...(options.deleting ? { deletionTimestamp: "2024-01-01T00:00:00Z" } : {}),
    },
    spec: {
      nodeName: "n1",
      containers: [{ ports: [{ name: "http", containerPort: options.port ?? 8080 }] }],
    },
    status: {
      phase: options.phase ?? "Running",
      podIP: "10.0.0.1",
      conditions: [{ type: "Ready", status: options.ready === false ? "False" : "True" }],
    },
  } as unknown as Pod;
}

const service = {
  metadata: { name: "web" },
  spec: { ports: [{ name: "http", port: 80, targetPort: "http" }] },
} as unknown as Service;

function endpoint(uid: string, ready = true): SliceEndpoint {
  return {
    addresses: ["10.0.0.1"],
    conditions: { ready, serving: ready, terminating: false },
    targetRef: { kind: "Pod", namespace: "d", name: uid, uid },
  };
}

const nodes = {
  get: (name: string) =>
    name === "n1"
      ? ({ metadata: { name, labels: { "topology.kubernetes.io/zone": "z" } } } as unknown as Node)
      : undefined,
};
const labels = { a: "b" };
const ports = [{ name: "", port: 80, protocol: "TCP" }];
const slice = (name: string, endpoints: SliceEndpoint[]) =>
  ({ metadata: { name, labels }, ports, endpoints }) as unknown as EndpointSlice;

describe("endpoints of a Service", () => {
  it("tells ready, serving and terminating apart", () => {
    const [group] = endpointsOf(
      service,
      [pod("a"), pod("b", { ready: false }), pod("c", { deleting: true })],
      nodes,
    );
    expect(group!.endpoints.map((one) => one.conditions)).toEqual([
      { ready: true, serving: true, terminating: false },
      { ready: false, serving: false, terminating: false },
      { ready: false, serving: true, terminating: true },
    ]);
    expect(group!.ports).toEqual([{ name: "http", port: 8080, protocol: "TCP" }]);
  });

  it("groups pods whose named port differs, and leaves out finished ones", () => {
    const groups = endpointsOf(
      service,
      [pod("a"), pod("b", { port: 9090 }), pod("c", { phase: "Succeeded" })],
      nodes,
    );
    expect(groups.map((group) => [group.ports[0]!.port, group.endpoints.length])).toEqual([
      [8080, 1],
      [9090, 1],
    ]);
  });
});

describe("planning slices", () => {
  it("writes nothing when nothing changed", () => {
    const plan = planSlices(
      [{ ports, endpoints: [endpoint("a"), endpoint("b")] }],
      [slice("s", [endpoint("b"), endpoint("a")])],
      labels,
    );
    expect(plan).toMatchObject({ create: [], update: [], remove: [] });
  });

  it("changes only the slice that holds the changed endpoint", () => {
    const many = Array.from({ length: MAX_ENDPOINTS }, (_, index) => endpoint(`p${index}`));
    const plan = planSlices(
      [{ ports, endpoints: [...many, endpoint("x", false)] }],
      [slice("full", many), slice("rest", [endpoint("x")])],
      labels,
    );
    expect(plan.create).toEqual([]);
    expect(plan.update.map((one) => one.slice.metadata.name)).toEqual(["rest"]);
  });

  it("splits what does not fit into one slice", () => {
    const many = Array.from({ length: 250 }, (_, index) => endpoint(`p${index}`));
    const plan = planSlices([{ ports, endpoints: many }], [], labels);
    expect(plan.create.map((one) => one.endpoints.length)).toEqual([100, 100, 50]);
  });

  it("gives a slice that would go what a new one would have", () => {
    const empty = (name: string): EndpointSlice => ({ ...slice(name, []), ports: [] });
    const group = { ports, endpoints: [endpoint("a")] };
    const plan = planSlices([group], [empty("s1"), empty("s2")], labels);
    expect(plan.create).toEqual([]);
    expect(plan.update).toEqual([{ slice: empty("s1"), content: group }]);
    expect(plan.remove.map(({ metadata }) => metadata.name)).toEqual(["s2"]);
  });

  it("keeps one empty slice for a Service without endpoints, and removes others", () => {
    expect(planSlices([], [], labels).create).toEqual([{ ports: [], endpoints: [] }]);
    const plan = planSlices([], [slice("a", [endpoint("x")]), slice("b", [])], labels);
    expect(plan.update.map((one) => one.content.endpoints)).toEqual([[]]);
    expect(plan.remove.map((one) => one.metadata.name)).toEqual(["b"]);
  });
});
