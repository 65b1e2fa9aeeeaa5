import { describe, expect, it } from "vitest";
import { type ServiceEndpoint, usableEndpoints, usableLocalEndpoints } from "./service-endpoint.ts";

const one = (ip: string, zoneHints: string[], more: Partial<ServiceEndpoint> = {}): ServiceEndpoint => ({
  ip,
  port: 80,
  podUid: ip,
  isReady: true,
  isServing: true,
  isTerminating: false,
  isEnding: false,
  isLocal: false,
  zoneHints,
  ...more,
});
const LEAVING = { isReady: false, isTerminating: true };
const UNREADY = { isReady: false, isServing: false };

describe("endpoints that a node uses", () => {
  // Upstream's rules for hints (pkg/proxy/topology.go).
  it.each([
    ["those for its zone", "a", [one("1", ["a"]), one("2", ["b"]), one("3", ["b", "a"])], ["1", "3"]],
    ["all, where one has no hint", "a", [one("1", ["a"]), one("2", [])], ["1", "2"]],
    ["all, where none is for its zone", "c", [one("1", ["a"]), one("2", ["b"])], ["1", "2"]],
    ["all, where the node has no zone", "", [one("1", ["a"]), one("2", ["b"])], ["1", "2"]],
    [
      "those for its zone, whatever one that is not ready says",
      "a",
      [one("1", ["a"]), one("2", [], UNREADY), one("3", ["b"])],
      ["1"],
    ],
    ["all, where the only one of its zone leaves", "a", [one("1", ["a"], LEAVING), one("2", ["b"])], ["2"]],
    [
      "those that leave, of whatever zone, where none is ready",
      "a",
      [one("1", ["a"], LEAVING), one("2", ["b"], LEAVING)],
      ["1", "2"],
    ],
    ["none", "a", [], []],
  ])("are %s", (_what, zone, endpoints, ips) => {
    expect(usableEndpoints(endpoints, zone).map(({ ip }) => ip)).toEqual(ips);
  });

  it("are of traffic policy Local its own, whatever their hints", () => {
    const endpoints = [one("1", ["b"], { isLocal: true }), one("2", ["a"])];
    expect(usableLocalEndpoints(endpoints).map(({ ip }) => ip)).toEqual(["1"]);
  });
});
