import { describe, expect, it } from "vitest";
import { compileJsonPath } from "./jsonpath.ts";

const pod = {
  metadata: { name: "web", labels: { "app.kubernetes.io/name": "shop" } },
  spec: {
    containers: [
      { name: "a", ports: [80, 443] },
      { name: "b", ports: [] },
    ],
  },
  status: { conditions: [{ type: "Ready", status: "True" }] },
};

describe("compileJsonPath", () => {
  it.each([
    [".metadata.name", ["web"]],
    ["{.metadata.name}", ["web"]],
    ["$.metadata.name", ["web"]],
    ["metadata.name", ["web"]],
    [".metadata.labels.app\\.kubernetes\\.io/name", ["shop"]],
    [".metadata.labels['app.kubernetes.io/name']", ["shop"]],
    [".spec.containers[*].name", ["a", "b"]],
    [".spec.containers[0].name", ["a"]],
    [".spec.containers[-1].name", ["b"]],
    [".spec.containers[0:1].name", ["a"]],
    [".spec.containers[0,1].name", ["a", "b"]],
    ['.status.conditions[?(@.type=="Ready")].status', ["True"]],
    ['.status.conditions[?(@.type=="Other")].status', []],
    [".spec.containers[?(@.ports)].name", ["a", "b"]],
    [".spec.containers[?(@.name!='a')].name", ["b"]],
    [".spec.containers[0].ports[?(@ > 100)]", [443]],
    ["..name", ["web", "a", "b"]],
    [".missing.deeper[0]", []],
    [".metadata.constructor", []],
    ["", [pod]],
  ])("%s", (path, expected) => {
    expect(compileJsonPath(path).select(pod)).toEqual(expected);
  });

  it.each([".a[", ".a[x", ".a[?(]", ".a]", "..[x]"])("refuses %j", (path) => {
    expect(() => compileJsonPath(path)).toThrow("invalid JSONPath");
  });
});
