import { describe, expect, it } from "vitest";
import { orderedGroups, ownRank } from "./group-order.ts";

const versions = [
  { group: "b", version: "v1", groupPriority: 1000, versionPriority: 100 },
  { group: "a", version: "v1beta1", groupPriority: 1000, versionPriority: 100 },
  { group: "c", version: "v1", groupPriority: 10, versionPriority: 1 },
  { group: "c", version: "v2", groupPriority: 2000, versionPriority: 1 },
  { group: "c", version: "v1alpha1", groupPriority: 10, versionPriority: 5 },
  ownRank("apps", "v1"),
  ownRank("apiregistration.k8s.io", "v1"),
];
const names = (tieBreaker: "group" | "service") =>
  orderedGroups(versions, tieBreaker).map((one) => [one.name, ...one.versions.map(({ version }) => version)]);

describe("groups and their versions", () => {
  it("come in the order of their priorities, and then of their names", () => {
    expect(names("group")).toEqual([
      ["apiregistration.k8s.io", "v1"],
      ["apps", "v1"],
      ["c", "v1alpha1", "v2", "v1"],
      ["a", "v1beta1"],
      ["b", "v1"],
    ]);
    const services = names("service").map(([group]) => group);
    expect(services).toEqual(["apiregistration.k8s.io", "apps", "c", "b", "a"]);
  });
});
