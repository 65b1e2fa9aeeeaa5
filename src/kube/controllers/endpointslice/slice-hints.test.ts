import { describe, expect, it } from "vitest";
import type { EndpointSlice, Node, Service } from "../../api/index.ts";
import type { SliceEndpoint } from "./endpoints-of.ts";
import { planSlices, type SlicePlan } from "./plan.ts";
import { hintMode, planHints } from "./slice-hints.ts";
import { zoneRatios } from "./zone-shares.ts";

const ports = [{ name: "", port: 80, protocol: "TCP" }];

const endpoint = (uid: string, zone?: string, isReady = true): SliceEndpoint => ({
  addresses: ["10.0.0.1"],
  conditions: { ready: isReady, serving: isReady, terminating: false },
  ...(zone ? { zone } : {}),
  targetRef: { kind: "Pod", namespace: "d", name: uid, uid },
});
const hinted = (uid: string, zone: string, hint: string) => ({
  ...endpoint(uid, zone),
  hints: { forZones: [{ name: hint }] },
});
const slice = (endpoints: SliceEndpoint[]) =>
  ({ metadata: { name: "s", labels: {} }, ports, endpoints }) as unknown as EndpointSlice;
const planOf = (endpoints: SliceEndpoint[], existing: SliceEndpoint[][] = []): SlicePlan =>
  planSlices([{ ports, endpoints }], existing.map(slice), {});

/** What the plan writes: `uid zone` for each hint. */
const hintsIn = ({ create, update }: SlicePlan) =>
  [...create, ...update.map(({ content }) => content)].flatMap(({ endpoints }) =>
    endpoints.map(
      ({ targetRef, hints }) => `${targetRef!.uid} ${hints?.forZones?.map(({ name }) => name) ?? "-"}`,
    ),
  );

const node = (zone: string | undefined, cpu: string, more: { isReady?: boolean; role?: string } = {}): Node =>
  ({
    metadata: {
      name: `${zone}-${cpu}`,
      labels: {
        ...(zone ? { "topology.kubernetes.io/zone": zone } : {}),
        ...(more.role ? { [`node-role.kubernetes.io/${more.role}`]: "" } : {}),
      },
    },
    status: {
      allocatable: { cpu },
      conditions: [{ type: "Ready", status: more.isReady === false ? "False" : "True" }],
    },
  }) as unknown as Node;

describe("what hints a Service wants", () => {
  const mode = (annotations: Record<string, string>, trafficDistribution?: string) =>
    hintMode({ metadata: { name: "s", annotations }, spec: { trafficDistribution } } as unknown as Service);
  it.each([
    ["nothing asked", {}, undefined, "none"],
    ["trafficDistribution", {}, "PreferClose", "close"],
    ["the annotation", { "service.kubernetes.io/topology-mode": "Auto" }, undefined, "auto"],
    ["the old annotation", { "service.kubernetes.io/topology-aware-hints": "auto" }, undefined, "auto"],
    ["both", { "service.kubernetes.io/topology-mode": "Auto" }, "PreferClose", "auto"],
    [
      "an annotation that says no",
      { "service.kubernetes.io/topology-mode": "Disabled" },
      "PreferClose",
      "close",
    ],
    [
      "the old one says no, the other yes",
      {
        "service.kubernetes.io/topology-aware-hints": "disabled",
        "service.kubernetes.io/topology-mode": "Auto",
      },
      undefined,
      "none",
    ],
  ])("%s", (_what, annotations, distribution, wanted) => {
    expect(mode(annotations as unknown as Record<string, string>, distribution)).toBe(wanted);
  });
});

describe("hints of PreferClose", () => {
  it("are each ready endpoint's own zone", () => {
    const plan = planOf([endpoint("a", "east"), endpoint("b"), endpoint("c", "west", false)]);
    expect(planHints(plan, "close", undefined)).toBeUndefined();
    expect(hintsIn(plan)).toEqual(["a east", "b -", "c -"]);
  });

  it("are written to slices that lack them or have wrong ones, and to no others", () => {
    const ends = [endpoint("a", "east"), endpoint("b", "west")];
    const right = planOf(ends, [[hinted("a", "east", "east"), hinted("b", "west", "west")]]);
    planHints(right, "close", undefined);
    expect(hintsIn(right)).toEqual([]);
    for (const existing of [ends, [hinted("a", "east", "east"), hinted("b", "west", "east")]]) {
      const plan = planOf(ends, [existing]);
      planHints(plan, "close", undefined);
      expect(hintsIn(plan)).toEqual(["a east", "b west"]);
    }
  });

  it("go when nobody asks for them", () => {
    const plan = planOf([endpoint("a", "east")], [[hinted("a", "east", "east")]]);
    planHints(plan, "none", undefined);
    expect(hintsIn(plan)).toEqual(["a -"]);
  });
});

describe("hints by the zones' shares", () => {
  const two = zoneRatios([node("east", "2"), node("west", "2")]);

  it.each([
    ["one zone only", [node("east", "4"), node("east", "2")]],
    ["a node without a zone", [node("east", "4"), node("west", "4"), node(undefined, "4")]],
    ["a node without CPUs", [node("east", "4"), node("west", "0")]],
    ["others not ready", [node("east", "4"), node("west", "4", { isReady: false })]],
    ["others control planes", [node("east", "4"), node("west", "4", { role: "control-plane" })]],
  ])("need several zones whose size is known: %s", (_what, nodes) => {
    expect(zoneRatios(nodes)).toBeUndefined();
    const plan = planOf([endpoint("a", "east"), endpoint("b", "west")], [[hinted("a", "east", "east")]]);
    expect(planHints(plan, "auto", zoneRatios(nodes))).toBe(
      "Insufficient Node information: allocatable CPU or zone not specified on one or more nodes",
    );
    expect(hintsIn(plan)).toEqual(["a -", "b -"]);
  });

  it("are each endpoint's own zone where zones have their shares", () => {
    const plan = planOf(["a", "b"].map((uid) => endpoint(uid, uid === "a" ? "east" : "west")));
    expect(planHints(plan, "auto", two)).toBeUndefined();
    expect(hintsIn(plan)).toEqual(["a east", "b west"]);
  });

  it("send endpoints of a zone that has too many to one that has too few", () => {
    const plan = planOf(["a", "b", "c", "d"].map((uid) => endpoint(uid, "east")));
    expect(planHints(plan, "auto", two)).toBeUndefined();
    expect(
      hintsIn(plan)
        .map((one) => one.split(" ")[1])
        .sort(),
    ).toEqual(["east", "east", "west", "west"]);
  });

  it("stay as they are while no zone has more than it may", () => {
    const ends = ["a", "b", "c", "d"].map((uid) => endpoint(uid, "east"));
    const existing = ends.map((one, index) => ({
      ...one,
      hints: { forZones: [{ name: index < 2 ? "west" : "east" }] },
    }));
    const plan = planOf(ends, [existing]);
    expect(planHints(plan, "auto", two)).toBeUndefined();
    expect(hintsIn(plan)).toEqual([]);
    const small = zoneRatios([node("east", "7"), node("west", "1")]);
    expect(planHints(plan, "auto", small)).toBeUndefined();
    expect(hintsIn(plan)).toHaveLength(4);
  });

  it("are told why they are not", () => {
    expect(planHints(planOf([endpoint("a", "east")]), "auto", two)).toBe(
      "Insufficient number of endpoints (1 endpoints, 2 zones)",
    );
    expect(planHints(planOf([endpoint("a", "east"), endpoint("b")]), "auto", two)).toBe(
      "One or more endpoints do not have a zone specified",
    );
    const uneven = zoneRatios([node("a", "10"), node("b", "1"), node("c", "1")]);
    const plan = planOf(["1", "2", "3", "4"].map((uid) => endpoint(uid, "a")));
    expect(planHints(plan, "auto", uneven)).toBe(
      "Unable to allocate minimum required endpoints to each zone without exceeding overload threshold (4 endpoints, 3 zones)",
    );
  });
});
