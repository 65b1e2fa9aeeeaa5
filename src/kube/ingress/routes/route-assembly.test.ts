import { describe, expect, it } from "vitest";
import type { RequestMatch, RouteRule } from "../../../reverse-proxy/index.ts";
import type { Contribution, ListenerKey } from "./contribution.ts";
import { RouteAssembly } from "./route-assembly.ts";

const http: ListenerKey = { port: 80, protocol: "http" };
const rule = (name: string, match: RequestMatch = { path: { type: "prefix", value: "/" } }): RouteRule => ({
  name,
  match,
  filters: [],
  backends: [],
});

function contribution(hosts: Record<string, RouteRule[]>, createdMs = 0, listener = http): Contribution {
  return {
    hosts: Object.entries(hosts).map(([host, rules]) => ({ listener, host, rules })),
    backends: [],
    createdMs,
  };
}

const namesOf = (assembly: RouteAssembly, host: string) =>
  assembly
    .table()
    .listeners[0]?.hosts.find((one) => one.host === host)
    ?.rules.map(({ name }) => name);

describe("the table", () => {
  it("has a host's rules of all that have some, in the order in which they are asked", () => {
    const path = (type: RequestMatch["path"]["type"], value: string, more: Partial<RequestMatch> = {}) =>
      rule(`${type} ${value} ${Object.keys(more)}`.trim(), { path: { type, value }, ...more });
    const assembly = new RouteAssembly();
    const header = { name: "a", type: "exact" as const, value: "1" };
    assembly.set(
      "a",
      contribution({ "a.example": [path("any", ""), path("prefix", "/"), path("prefix", "/long/path/")] }),
    );
    assembly.set(
      "b",
      contribution({
        "a.example": [
          path("prefix", "/long/path", { headers: [header] }),
          path("prefix", "/long/path", { method: "GET" }),
          path("prefix", "/long/path", { query: [header] }),
          path("regex", "^/x"),
          path("exact", "/"),
          path("exact", "/long"),
        ],
      }),
    );
    expect(namesOf(assembly, "a.example")).toEqual([
      "exact /long",
      "exact /",
      "regex ^/x",
      "prefix /long/path method",
      "prefix /long/path headers",
      "prefix /long/path query",
      "prefix /long/path/",
      "prefix /",
      "any",
    ]);
  });

  it("has the older object's rules first, then those of the first by name", () => {
    const assembly = new RouteAssembly();
    assembly.set("c", contribution({ "*": [rule("c")] }, 2));
    assembly.set("b", contribution({ "*": [rule("b1"), rule("b2")] }, 2));
    assembly.set("d", contribution({ "*": [rule("d")] }, 1));
    expect(namesOf(assembly, "*")).toEqual(["d", "b1", "b2", "c"]);
  });

  it("keeps the hosts that a change does not concern as they are", () => {
    const assembly = new RouteAssembly();
    assembly.set("a", contribution({ "a.example": [rule("a")], "b.example": [rule("a")] }));
    assembly.set("b", contribution({ "b.example": [rule("b")] }));
    const before = assembly.table().listeners[0]!.hosts;
    assembly.set("b", contribution({ "b.example": [rule("b2")] }));
    const after = assembly.table().listeners[0]!.hosts;
    expect(after.map((host, index) => host === before[index])).toEqual([true, false]);
  });

  it("has no listener without hosts", () => {
    const assembly = new RouteAssembly();
    assembly.set("a", contribution({ "a.example": [rule("a")] }));
    assembly.set("b", contribution({ "a.example": [rule("b")] }, 0, { port: 81, protocol: "https" }));
    expect(assembly.table().listeners.map(({ port }) => port)).toEqual([80, 81]);
    assembly.delete("a");
    assembly.delete("b");
    expect(assembly.table().listeners).toEqual([]);
  });

  it("takes a wildcard for one label only where all who have it mean that", () => {
    const assembly = new RouteAssembly();
    const oneLabel = {
      hosts: [{ listener: http, host: "*.example", oneLabel: true, rules: [] }],
      backends: [],
      createdMs: 0,
    };
    assembly.set("ingress", oneLabel);
    expect(assembly.table().listeners[0]!.hosts[0]!.oneLabel).toBe(true);
    assembly.set("route", contribution({ "*.example": [] }));
    expect(assembly.table().listeners[0]!.hosts[0]!.oneLabel).toBeUndefined();
  });
});
