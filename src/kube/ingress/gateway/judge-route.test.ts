import { describe, expect, it } from "vitest";
import { gateway, gatewayLookup, httpRoute } from "../testing/gateway-objects.ts";
import { service } from "../testing/objects.ts";
import type { GatewayListener, ParentReference, Route } from "./gateway-types.ts";
import { judgeGateway } from "./judge-gateway.ts";
import { judgeRoute } from "./judge-route.ts";

const rules = [{ backendRefs: [{ name: "web", port: 80 }] }];

interface Case {
  listeners: Partial<GatewayListener>[];
  hostnames?: string[];
  parentRef?: Partial<ParentReference>;
  namespace?: string;
  labels?: Record<string, string>;
}

function judge({ listeners, hostnames, parentRef, namespace = "shop", labels = {} }: Case) {
  const lookup = gatewayLookup({ services: [service("web")], namespaces: { [namespace]: labels } });
  const one = gateway(listeners);
  const parent = {
    gateway: one,
    ...judgeGateway(one, { lookup, transportAt: () => undefined, addresses: [] }),
  };
  const spec: Partial<Route["spec"]> = {
    parentRefs: [{ name: "gate", namespace: "shop", ...parentRef }],
    ...(hostnames ? { hostnames } : {}),
  };
  return judgeRoute(
    httpRoute(rules, spec, namespace),
    "HTTPRoute",
    (key) => (key === "shop/gate" ? parent : undefined),
    lookup,
  );
}

/** Ports and hosts of what is attached, or the reason why nothing is. */
function attachment(of: Case): string[] {
  const { contribution, parents } = judge(of);
  const [accepted] = parents[0]!.verdicts;
  if (accepted!.status === "False") return [accepted!.reason];
  return contribution.hosts.map(({ listener, host }) => `${listener.port} ${host}`).sort();
}

const from = (
  namespaces: NonNullable<GatewayListener["allowedRoutes"]>["namespaces"],
): Partial<GatewayListener> => ({
  allowedRoutes: { namespaces },
});

describe("a route attaches", () => {
  it.each<[name: string, one: Case, attached: string[]]>([
    ["to all hosts where neither names one", { listeners: [{}] }, ["80 *"]],
    ["to the listener's host", { listeners: [{ hostname: "a.example" }] }, ["80 a.example"]],
    [
      "to its own hosts",
      { listeners: [{}], hostnames: ["a.example", "b.example"] },
      ["80 a.example", "80 b.example"],
    ],
    [
      "to those that a wildcard covers",
      { listeners: [{ hostname: "*.example" }], hostnames: ["a.example", "x.b.example", "other"] },
      ["80 a.example", "80 x.b.example"],
    ],
    [
      "to the narrower of two wildcards",
      { listeners: [{ hostname: "*.b.example" }], hostnames: ["*.example"] },
      ["80 *.b.example"],
    ],
    [
      "to a listener that its wildcard covers",
      { listeners: [{ hostname: "a.example" }], hostnames: ["*.example"] },
      ["80 a.example"],
    ],
    [
      "to nothing without a common host",
      { listeners: [{ hostname: "a.example" }], hostnames: ["b.example"] },
      ["NoMatchingListenerHostname"],
    ],
    [
      "not to what a wildcard stands beside",
      { listeners: [{ hostname: "*.example" }], hostnames: ["example"] },
      ["NoMatchingListenerHostname"],
    ],
    [
      "to the listener that it names",
      { listeners: [{ name: "a" }, { name: "b", port: 81 }], parentRef: { sectionName: "b" } },
      ["81 *"],
    ],
    [
      "to the port that it names",
      { listeners: [{ port: 81 }, { port: 82 }], parentRef: { port: 82 } },
      ["82 *"],
    ],
    [
      "to no listener that is not there",
      { listeners: [{}], parentRef: { sectionName: "gone" } },
      ["NoMatchingParent"],
    ],
    [
      "to none whose port is another",
      { listeners: [{ name: "a" }], parentRef: { sectionName: "a", port: 81 } },
      ["NoMatchingParent"],
    ],
    [
      "to each listener by its own part of the hosts",
      {
        listeners: [{ hostname: "*.example" }, { hostname: "a.example" }],
        hostnames: ["a.example", "b.example"],
      },
      ["80 a.example", "80 b.example"],
    ],
    [
      "from another namespace not by itself",
      { listeners: [{}], namespace: "far" },
      ["NotAllowedByListeners"],
    ],
    [
      "from another namespace where all may",
      { listeners: [from({ from: "All" })], namespace: "far" },
      ["80 *"],
    ],
    ["from nowhere", { listeners: [from({ from: "None" })] }, ["NotAllowedByListeners"]],
    [
      "from a namespace with the labels",
      {
        listeners: [from({ from: "Selector", selector: { matchLabels: { team: "a" } } })],
        namespace: "far",
        labels: { team: "a" },
      },
      ["80 *"],
    ],
    [
      "from none without them",
      { listeners: [from({ from: "Selector", selector: { matchLabels: { team: "a" } } })], namespace: "far" },
      ["NotAllowedByListeners"],
    ],
    [
      "not where its kind may not",
      { listeners: [{ allowedRoutes: { kinds: [{ kind: "GRPCRoute" }] } }] },
      ["NotAllowedByListeners"],
    ],
  ])("%s", (_name, one, attached) => {
    expect(attachment(one)).toEqual(attached);
  });

  it("to a less exact listener without the hosts of a more exact one", () => {
    const judged = judge({
      listeners: [
        { name: "wide", hostname: "*.example" },
        { name: "exact", hostname: "a.example" },
      ],
      hostnames: ["a.example", "b.example"],
      parentRef: { sectionName: "wide" },
    });
    expect(judged.contribution.hosts.map(({ host }) => host)).toEqual(["b.example"]);
    expect([...judged.attachedTo]).toEqual([["shop/gate", new Set(["wide"])]]);
  });
});
