import { describe, expect, it } from "vitest";
import type { NodeFacts } from "./node-facts.ts";
import { nodeStatus } from "./node-object.ts";

const identity = { nodeName: "n", nodeIp: "10.0.0.1", labels: {}, kubeletPort: () => 10250 };
const facts = {
  cpus: 2,
  memoryBytes: 2 ** 30,
  ephemeralStorageBytes: 2 ** 30,
  images: [],
  runtimeIsReady: true,
  runtimeVersion: "x",
} as unknown as NodeFacts;

/** The resources that somebody else has added, in what the kubelet writes. */
function others(capacity: object, allocatable: object) {
  const status = nodeStatus(identity, facts, { capacity, allocatable }, "2026-01-01T00:00:00Z");
  const named = (list: unknown) =>
    Object.fromEntries(Object.entries(list as object).filter(([name]) => name.includes("/")));
  return [named(status.capacity), named(status.allocatable)];
}

describe("resources that others say a node has", () => {
  it.each<[string, object, object, object[]]>([
    ["can be had", { "example.com/x": "5" }, {}, [{ "example.com/x": "5" }, { "example.com/x": "5" }]],
    [
      "as many as there are",
      { "example.com/x": "5" },
      { "example.com/x": "3" },
      [{ "example.com/x": "5" }, { "example.com/x": "5" }],
    ],
    [
      "cannot be had any more once they are gone",
      {},
      { "example.com/x": "3" },
      [{}, { "example.com/x": null }],
    ],
    ["are none of the node's own", { cpu: "64", "kubernetes.io/x": "1" }, {}, [{}, {}]],
  ])("%s", (_, capacity, allocatable, wanted) => {
    expect(others(capacity, allocatable)).toEqual(wanted);
    expect(nodeStatus(identity, facts, { capacity, allocatable }, "").allocatable).toMatchObject({
      cpu: "2",
    });
  });
});
