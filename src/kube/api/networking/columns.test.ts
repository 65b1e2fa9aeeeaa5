import { describe, expect, it } from "vitest";
import { validateObjectMeta } from "../meta/object-meta.ts";
import { toTable } from "../table.ts";
import type { KindDefinition, KubeObject } from "../types.ts";
import { ingresses } from "./ingress.ts";
import { ingressClasses } from "./ingress-class.ts";
import { ipAddresses } from "./ip-address.ts";
import { networkPolicies } from "./network-policy.ts";

const cells = (kind: KindDefinition, object: object) => {
  const metadata = { name: "x", creationTimestamp: "2024-01-01T00:00:00Z" };
  const nowMs = Date.parse("2024-01-01T00:00:05Z");
  return toTable(kind, [{ metadata, ...object } as unknown as KubeObject], { nowMs }).rows[0]!.cells;
};
const hosts = (...names: (string | undefined)[]) => ({ spec: { rules: names.map((host) => ({ host })) } });

describe("columns of networking", () => {
  it.each<[KindDefinition, object, unknown[]]>([
    [ingresses, hosts("a", "b"), ["<none>", "a,b", "", "80"]],
    [ingresses, hosts(undefined), ["<none>", "*", "", "80"]],
    [ingresses, hosts("a", "b", "c", "d", "e"), ["<none>", "a,b,c + 2 more...", "", "80"]],
    [ingresses, hosts(undefined, "a", "b", "c"), ["<none>", "a,b,c", "", "80"]],
    [ingresses, hosts("a", "b", "c", undefined), ["<none>", "a,b,c + 1 more...", "", "80"]],
    [
      ingresses,
      {
        spec: { ingressClassName: "c", rules: [], tls: [{}] },
        status: { loadBalancer: { ingress: [{ hostname: "h" }, { ip: "10.0.0.1" }, { ip: "10.0.0.1" }] } },
      },
      ["c", "*", "10.0.0.1,h", "80, 443"],
    ],
    [ingressClasses, { spec: { controller: "e.com/c" } }, ["e.com/c", "<none>"]],
    [
      ingressClasses,
      { spec: { controller: "e.com/c", parameters: { apiGroup: "e.com", kind: "P", name: "p" } } },
      ["e.com/c", "P.e.com/p"],
    ],
    [networkPolicies, { spec: { podSelector: {} } }, ["<none>"]],
    [ipAddresses, { spec: {} }, ["<none>"]],
    [
      ipAddresses,
      { spec: { parentRef: { group: "E.com", resource: "gateways", namespace: "n", name: "g" } } },
      ["gateways.e.com/n/g"],
    ],
    [ipAddresses, { spec: { parentRef: { resource: "nodes", name: "n" } } }, ["nodes/n"]],
  ])("%# show what the object tells", (kind, object, expected) => {
    expect(cells(kind, object)).toEqual(["x", ...expected, "5s"]);
  });

  it("have an age for addresses that no definition speaks of", () => {
    const { columnDefinitions } = toTable(ipAddresses, [], { nowMs: 0 });
    expect(columnDefinitions.map(({ name }) => name)).toEqual(["Name", "ParentRef"]);
  });
});

describe("names of IPAddress objects", () => {
  it.each([
    ["10.0.0.1", undefined],
    ["fd00::1", undefined],
    ["010.0.0.1", "must not have leading 0s"],
    ["FD00::1", 'must be in canonical form ("fd00::1")'],
    ["::ffff:10.0.0.1", "must not be an IPv4-mapped IPv6 address"],
    ["a", "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"],
  ])("%s", (name, why) => {
    const messages = validateObjectMeta({ metadata: { name } }, ipAddresses).map((one) => one.message);
    expect(messages).toEqual(why ? [`Invalid value: ${JSON.stringify(name)}: ${why}`] : []);
  });
});
