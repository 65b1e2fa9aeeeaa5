import { describe, expect, it } from "vitest";
import {
  addResourceLists,
  equalResourceLists,
  excessOf,
  maxResourceLists,
  resourcesNamed,
} from "./resource-list.ts";

describe("resource lists", () => {
  const a = { cpu: "500m", memory: "1Gi" };
  const b = { cpu: "1", pods: "2" };

  it("are added, compared and subtracted resource by resource", () => {
    expect(addResourceLists(a, b)).toEqual({ cpu: "1500m", memory: "1Gi", pods: "2" });
    expect(maxResourceLists(a, b)).toEqual({ cpu: "1", memory: "1Gi", pods: "2" });
    expect(excessOf(b, a)).toEqual({ cpu: "500m", memory: "0", pods: "2" });
    expect(excessOf(a, b)).toEqual({ cpu: "0", memory: "1Gi", pods: "0" });
    expect(resourcesNamed(a, ["cpu", "pods"])).toEqual({ cpu: "500m" });
  });

  it("are equal in any notation", () => {
    expect(equalResourceLists(a, { memory: "1024Mi", cpu: "0.5" })).toBe(true);
    expect(equalResourceLists(a, { cpu: "500m" })).toBe(false);
    expect(equalResourceLists({ cpu: "1" }, { pods: "1" })).toBe(false);
  });
});
