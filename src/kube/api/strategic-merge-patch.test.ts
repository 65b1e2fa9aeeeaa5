import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { modelOf } from "./models.ts";
import { strategicMergePatch } from "./strategic-merge-patch.ts";

const pod = modelOf("io.k8s.api.core.v1.Pod");
const deployment = modelOf("io.k8s.api.apps.v1.Deployment");
const budget = modelOf("io.k8s.api.policy.v1.PodDisruptionBudget");
const service = modelOf("io.k8s.api.core.v1.Service");

const spec = (...containers: object[]) => ({ spec: { containers } });

describe("strategicMergePatch", () => {
  it("merges list items by their key and leaves the others", () => {
    const current = spec({ name: "a", image: "a:1" }, { name: "b", image: "b:1" });
    const result = strategicMergePatch(current, spec({ name: "b", image: "b:2" }), pod);
    expect(result).toEqual(spec({ name: "a", image: "a:1" }, { name: "b", image: "b:2" }));
    expect(current.spec.containers[1]).toEqual({ name: "b", image: "b:1" });
  });

  it("deletes list items and fields", () => {
    const current = spec({ name: "a", image: "a:1", command: ["x"] }, { name: "b" });
    const patch = spec({ name: "b", $patch: "delete" }, { name: "a", command: null });
    expect(strategicMergePatch(current, patch, pod)).toEqual(spec({ name: "a", image: "a:1" }));
  });

  it("replaces lists and objects on demand", () => {
    const current = spec({ name: "a" }, { name: "b" });
    expect(strategicMergePatch(current, spec({ name: "c" }, { $patch: "replace" }), pod)).toEqual(
      spec({ name: "c" }),
    );
    const labels = { metadata: { labels: { a: "1" } } };
    expect(strategicMergePatch(labels, { metadata: { labels: { $patch: "replace", b: "2" } } }, pod)).toEqual(
      {
        metadata: { labels: { b: "2" } },
      },
    );
    expect(strategicMergePatch(labels, { metadata: { labels: { $patch: "delete" } } }, pod)).toEqual({
      metadata: { labels: {} },
    });
  });

  it("replaces lists that have no merge key", () => {
    const current = spec({ name: "a", args: ["x", "y"] });
    expect(strategicMergePatch(current, spec({ name: "a", args: ["z"] }), pod)).toEqual(
      spec({ name: "a", args: ["z"] }),
    );
  });

  it("sets the order that the client asks for", () => {
    const current = spec({ name: "a" }, { name: "b" }, { name: "c" });
    const patch = {
      spec: {
        "$setElementOrder/containers": [{ name: "c" }, { name: "a" }],
        containers: [{ name: "c", image: "c:2" }],
      },
    };
    expect(
      strategicMergePatch(current, patch, pod).spec.containers.map((one: { name?: string }) => one.name),
    ).toEqual(["b", "c", "a"]);
  });

  it("works on lists of scalars", () => {
    const current = { metadata: { finalizers: ["a", "b"] } };
    const add = { metadata: { finalizers: ["c"] } };
    expect(strategicMergePatch(current, add, pod).metadata.finalizers.toSorted()).toEqual(["a", "b", "c"]);
    const remove = {
      metadata: { "$deleteFromPrimitiveList/finalizers": ["a"], "$setElementOrder/finalizers": ["b"] },
    };
    expect(strategicMergePatch(current, remove, pod)).toEqual({ metadata: { finalizers: ["b"] } });
  });

  it("drops union members that retainKeys does not name", () => {
    const current = { spec: { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1 } } } };
    const patch = { spec: { strategy: { $retainKeys: ["type"], type: "Recreate" } } };
    expect(strategicMergePatch(current, patch, deployment)).toEqual({
      spec: { strategy: { type: "Recreate" } },
    });
  });

  it("puts a budget's selector in the place of the one before", () => {
    const current = { spec: { minAvailable: 1, selector: { matchLabels: { a: "b" } } } };
    const patch = { spec: { selector: { matchExpressions: null } } };
    expect(strategicMergePatch(current, patch, budget)).toEqual({
      spec: { minAvailable: 1, selector: { matchExpressions: null } },
    });
  });

  it("matches numbers as keys and merges nested lists", () => {
    const current = { spec: { ports: [{ port: 80, name: "http" }, { port: 443 }] } };
    const patch = { spec: { ports: [{ port: 80, targetPort: 8080 }] } };
    expect(strategicMergePatch(current, patch, service)).toEqual({
      spec: { ports: [{ port: 80, name: "http", targetPort: 8080 }, { port: 443 }] },
    });
    const env = spec({ name: "a", env: [{ name: "X", value: "1" }] });
    expect(strategicMergePatch(env, spec({ name: "a", env: [{ name: "Y", value: "2" }] }), pod)).toEqual(
      spec({
        name: "a",
        env: [
          { name: "Y", value: "2" },
          { name: "X", value: "1" },
        ],
      }),
    );
  });

  it("takes what is new as it stands, without what carries $patch and without nulls", () => {
    const patch = spec({ image: "x" }, { name: "b", $patch: "delete" }, { name: "c", image: null });
    expect(strategicMergePatch({}, patch, pod)).toEqual(spec({ image: "x" }, { name: "c" }));
    expect(strategicMergePatch({ spec: {} }, patch, pod)).toEqual(spec({ image: "x" }, { name: "c" }));
    const ordered = { spec: { "$setElementOrder/containers": [{ name: "b" }, { name: "a" }] } };
    const both = { spec: { ...ordered.spec, ...spec({ name: "b" }, { name: "a" }).spec } };
    expect(strategicMergePatch({ spec: {} }, both, pod)).toEqual(spec({ name: "b" }, { name: "a" }));
    // Only an object that is there can be directed; here the directive is a field, which no model knows.
    expect(strategicMergePatch({}, ordered, pod)).toEqual(ordered);
  });

  it("refuses items without their key, and unknown directives", () => {
    expect(() => strategicMergePatch(spec({ name: "a" }), spec({ image: "x" }), pod)).toThrow(
      "map: map[image:x] does not contain declared merge key: name",
    );
    expect(() => strategicMergePatch({ metadata: {} }, { metadata: { $patch: "explode" } }, pod)).toThrow(
      "unknown patch type: explode in map: map[$patch:explode]",
    );
    expect(() => strategicMergePatch({}, [], pod)).toThrow();
  });

  it.each<[object, object, number, string | undefined]>([
    [{ image: "x" }, {}, 500, "map: map[image:x] does not contain declared merge key: name"],
    [{ name: "a", $patch: "merge" }, {}, 500, "merging lists cannot yet be specified in the patch"],
    [
      { name: "b" },
      { "$setElementOrder/containers": [{ name: "a" }] },
      500,
      "The order in patch list:\n[map[name:b]]\n doesn't match $setElementOrder list:\n[map[name:a]]\n",
    ],
    [
      { name: "a" },
      { "$setElementOrder/containers": "x" },
      500,
      "expected a []interface {}, but received a string",
    ],
    [
      { name: "a", env: [{ name: "X" }], $retainKeys: ["name"] },
      {},
      400,
      "invalid patch format of retainKeys",
    ],
  ])("refuses %j with %j: %i %s", (item, directives, code, message) => {
    const patch = { spec: { ...directives, containers: [item] } };
    let status: unknown;
    try {
      strategicMergePatch(spec({ name: "a" }), patch, pod);
    } catch (error) {
      status = (error as { status?: unknown }).status;
    }
    expect(status).toMatchObject({ code, message });
  });

  it("refuses lists of different things", () => {
    expect(() => strategicMergePatch(spec({ name: "a" }), { spec: { containers: [5] } }, pod)).toThrow(
      "list element types are not identical: [[map[name:a]] [5]]",
    );
  });

  it("merging an object into itself changes nothing", () => {
    const container = fc.record(
      { name: fc.constantFrom("a", "b", "c"), image: fc.string(), args: fc.array(fc.string()) },
      { requiredKeys: ["name"] },
    );
    const containers = fc.uniqueArray(container, { selector: (one) => one.name });
    fc.assert(
      fc.property(containers, (list) => {
        expect(strategicMergePatch(spec(...list), spec(...list), pod)).toEqual(spec(...list));
      }),
    );
  });

  it("looks at each item a few times, however long the lists are", () => {
    const count = 3000;
    let looks = 0;
    const item = (n: number) => ({
      get name() {
        looks++;
        return `c${n}`;
      },
      image: "i",
    });
    const list = (from: number) => Array.from({ length: count }, (_, n) => item(from + n));
    const order = list(0).map(({ name }) => ({ name }));
    const patch = { spec: { containers: list(count / 2), "$setElementOrder/containers": order } };
    expect(() => strategicMergePatch(spec(...list(0)), patch, pod)).toThrow(/order/);
    looks = 0;
    const merged = strategicMergePatch(spec(...list(0)), { spec: { containers: list(count / 2) } }, pod);
    expect(merged.spec.containers).toHaveLength(count * 1.5);
    expect(looks).toBeLessThan(count * 100);
  });
});
