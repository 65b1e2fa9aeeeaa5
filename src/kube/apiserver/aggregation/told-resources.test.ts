import { describe, expect, it } from "vitest";
import { resourcesByVersion, resourcesOfList } from "./told-resources.ts";

const NO_KIND = { group: "", version: "", kind: "" };

describe("what another server tells of its resources", () => {
  it("has a kind everywhere", () => {
    const told = resourcesByVersion({
      items: [
        {
          metadata: { name: "a.example.com" },
          versions: [
            { version: "v1", resources: [{ resource: "a", subresources: [{ subresource: "s" }] }] },
            { version: "v2" },
          ],
        },
      ],
    });
    expect(Object.fromEntries(told)).toEqual({
      "a.example.com/v1": [
        { resource: "a", responseKind: NO_KIND, subresources: [{ subresource: "s", responseKind: NO_KIND }] },
      ],
      "a.example.com/v2": [],
    });
  });

  it("is the same in the old form, in which a part stands for itself", () => {
    const list = {
      resources: [
        { name: "b/status", namespaced: true, kind: "B", verbs: ["get"] },
        { name: "b", singularName: "one", namespaced: true, kind: "B", verbs: ["list"], shortNames: ["x"] },
        { name: "c/scale", kind: "Scale", group: "autoscaling", version: "v1", verbs: ["get"] },
      ],
    };
    const kind = { group: "", version: "", kind: "B" };
    expect(resourcesOfList(list)).toEqual([
      {
        resource: "b",
        scope: "Namespaced",
        responseKind: kind,
        singularResource: "one",
        verbs: ["list"],
        shortNames: ["x"],
        subresources: [{ subresource: "status", responseKind: kind, verbs: ["get"] }],
      },
      {
        resource: "c",
        scope: "Cluster",
        responseKind: NO_KIND,
        subresources: [
          {
            subresource: "scale",
            responseKind: { group: "autoscaling", version: "v1", kind: "Scale" },
            verbs: ["get"],
          },
        ],
      },
    ]);
  });

  it("is refused where it contradicts itself", () => {
    const resources = [{ name: "b", namespaced: true, kind: "B" }, { name: "b/status" }];
    expect(() => resourcesOfList({ resources })).toThrow("scope do not match");
  });
});
