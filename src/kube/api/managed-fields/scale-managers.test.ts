import { describe, expect, it } from "vitest";
import type { ManagedFieldsEntry } from "../generated/types.ts";
import { fieldElement } from "./path-element.ts";
import { parentManagers, scaleManagers } from "./scale-managers.ts";

const replicas = { "f:spec": { "f:replicas": {} } };
const selector = { "f:spec": { "f:selector": {} } };
const paths = new Map([["apps/v1", ["spec", "replicas"].map(fieldElement)]]);
const entry = (manager: string, rest: ManagedFieldsEntry = {}): ManagedFieldsEntry => ({
  manager,
  operation: "Apply",
  apiVersion: "apps/v1",
  time: "2024-01-01T00:00:00Z",
  fieldsType: "FieldsV1",
  fieldsV1: replicas,
  ...rest,
});
const inScale = { apiVersion: "autoscaling/v1" };

describe("the managers of a Scale", () => {
  it("are those that own the replicas", () => {
    const parent = [
      entry("a", { fieldsV1: { "f:spec": { "f:replicas": {}, "f:selector": {} } } }),
      entry("b", { fieldsV1: selector }),
      entry("c", { apiVersion: "apps/v0" }),
    ];
    expect(scaleManagers(parent, paths)).toEqual([entry("a", inScale)]);
  });

  it("go back to the resource: who lost the replicas, and who won them", () => {
    const parent = [
      entry("a", { fieldsV1: { "f:spec": { "f:replicas": {}, "f:selector": {} } } }),
      entry("b"),
      entry("c", { fieldsV1: selector }),
    ];
    const scale = [entry("u", { ...inScale, operation: "Update", subresource: "scale" })];
    const { time: _, ...untimed } = entry("u", { operation: "Update", subresource: "scale" });
    expect(parentManagers(parent, scale, paths, "apps/v1")).toEqual([
      entry("a", { fieldsV1: selector }),
      entry("c", { fieldsV1: selector }),
      untimed,
    ]);
  });

  it("stay as they are where nothing was taken", () => {
    const parent = [entry("a"), entry("b", { fieldsV1: selector })];
    expect(parentManagers(parent, scaleManagers(parent, paths), paths, "apps/v1")).toEqual(parent);
  });

  it("are forgotten in versions that are not known, and left alone in those without a scale", () => {
    const parent = [entry("a", { apiVersion: "apps/v0" }), entry("b")];
    expect(parentManagers(parent, [], new Map([["apps/v1", null]]), "apps/v1")).toEqual([entry("b")]);
  });
});
