import { describe, expect, it } from "vitest";
import { pods } from "../../api/index.ts";
import { operationsOf } from "./operations.ts";

describe("the query's parameters in OpenAPI", () => {
  const operations = operationsOf(pods);
  const texts = (id: string) =>
    new Map(operations.find((one) => one.id === id)!.parameters.map((one) => [one.name, one.description]));

  it("have upstream's texts, with their paragraphs and lists", () => {
    const list = texts("listCoreV1NamespacedPod");
    expect(list.get("labelSelector")).toBe(
      "A selector to restrict the list of returned objects by their labels. Defaults to everything.",
    );
    expect(list.get("pretty")).toMatch(
      /^If 'true', then the output is pretty printed\. Defaults to 'false' unless/,
    );
    expect(list.get("resourceVersion")).toMatch(/for details\.\n\nDefaults to unset$/);
    expect(list.get("allowWatchBookmarks")).toContain('watch events with type "BOOKMARK".');
    expect(list.get("sendInitialEvents")).toContain(
      '` = NotOlderThan\n  is interpreted as "data at least as new as the provided `resourceVersion`"\n  and',
    );
    expect(list.get("sendInitialEvents")).toContain("being processed.\n- `resourceVersionMatch`");
  });

  it("all have one", () => {
    for (const { id, parameters } of operations) {
      for (const { name, description } of parameters) expect(description, `${id} ${name}`).not.toBe("");
    }
  });
});
