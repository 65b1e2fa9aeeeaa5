import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { excludeFields, includeFields } from "./field-filter.ts";
import {
  difference,
  type FieldSet,
  fieldSetOfPaths,
  intersection,
  isSubset,
  recursiveDifference,
  union,
} from "./field-set.ts";
import { decodeFields, encodeFields } from "./fields-v1.ts";
import type { Path } from "./path-element.ts";

const ELEMENTS = ["f:a", "f:b", "f:c", 'k:{"name":"x"}', 'k:{"name":"y","port":1}', 'v:"q"', "v:2", "i:0"];
const paths = fc.array(fc.array(fc.constantFrom(...ELEMENTS), { minLength: 1, maxLength: 4 }), {
  maxLength: 12,
});
const texts = (of: Iterable<Path>) => [...of].map((path) => JSON.stringify(path));
const members = (set: FieldSet) => new Set(texts(set.paths()));

/** The operations on plain sets of paths, to hold the tree against. */
const without = (a: Set<string>, b: Set<string>) => new Set([...a].filter((one) => !b.has(one)));
const isBelow = (path: string, parents: Set<string>) => {
  const steps = JSON.parse(path) as string[];
  return steps.some((_, at) => parents.has(JSON.stringify(steps.slice(0, at + 1))));
};

describe("field sets", () => {
  it("hold just their paths", () => {
    fc.assert(
      fc.property(paths, paths, (mine, others) => {
        const set = fieldSetOfPaths(mine);
        expect(members(set)).toEqual(new Set(texts(mine)));
        for (const path of [...mine, ...others])
          expect(set.has(path)).toBe(texts(mine).includes(JSON.stringify(path)));
      }),
    );
  });

  it("are combined as sets of paths are", () => {
    fc.assert(
      fc.property(paths, paths, (mine, others) => {
        const [a, b] = [fieldSetOfPaths(mine), fieldSetOfPaths(others)];
        const [left, right] = [members(a), members(b)];
        expect(members(union(a, b))).toEqual(new Set([...left, ...right]));
        expect(members(intersection(a, b))).toEqual(without(left, without(left, right)));
        expect(members(difference(a, b))).toEqual(without(left, right));
        const kept = new Set([...left].filter((path) => !isBelow(path, right)));
        expect(members(recursiveDifference(a, b))).toEqual(kept);
        expect(isSubset(a, b)).toBe(without(left, right).size === 0);
      }),
    );
  });

  it("obey the laws, and stay the same object where nothing changes", () => {
    fc.assert(
      fc.property(paths, paths, (mine, others) => {
        const [a, b] = [fieldSetOfPaths(mine), fieldSetOfPaths(others)];
        const text = (set: FieldSet) => JSON.stringify(encodeFields(set));
        expect(text(union(a, b))).toBe(text(union(b, a)));
        expect(text(intersection(a, b))).toBe(text(intersection(b, a)));
        expect(text(union(difference(a, b), intersection(a, b)))).toBe(text(a));
        expect(intersection(difference(a, b), b).isEmpty).toBe(true);
        expect(union(a, fieldSetOfPaths(mine))).toBe(a);
        expect(difference(a, difference(b, a))).toBe(a);
        expect(intersection(a, union(a, b))).toBe(a);
      }),
    );
  });

  it("come back from FieldsV1 as they went", () => {
    fc.assert(
      fc.property(paths, (mine) => {
        const fields = encodeFields(fieldSetOfPaths(mine));
        const decoded = decodeFields(JSON.parse(JSON.stringify(fields)));
        expect(members(decoded.set)).toEqual(new Set(texts(mine)));
        expect(decoded.isCanonical).toBe(true);
      }),
    );
  });

  it("come back from FieldsV1 in any order, and are put in order", () => {
    fc.assert(
      fc.property(paths, (mine) => {
        const fields = encodeFields(fieldSetOfPaths(mine));
        const decoded = decodeFields(backwards(fields));
        expect(JSON.stringify(encodeFields(decoded.set))).toBe(JSON.stringify(fields));
        expect(decoded.isCanonical).toBe(JSON.stringify(backwards(fields)) === JSON.stringify(fields));
      }),
    );
  });
});

function backwards(fields: object): object {
  return Object.fromEntries(
    Object.entries(fields)
      .reverse()
      .map(([key, value]) => [key, backwards(value)]),
  );
}

describe("FieldsV1", () => {
  it("is ordered, and says where a parent is a member too", () => {
    const set = fieldSetOfPaths([
      ["f:b", "f:z"],
      ["f:b", 'k:{"name":"x"}'],
      ["f:b", 'k:{"name":"x"}', "f:v"],
      ["f:a"],
      ["f:b", "f:c"],
    ]);
    expect(JSON.stringify(encodeFields(set))).toBe(
      String.raw`{"f:a":{},"f:b":{"f:c":{},"f:z":{},"k:{\"name\":\"x\"}":{".":{},"f:v":{}}}}`,
    );
  });

  it.each<[string, unknown, string]>([
    ["nothing", undefined, "{}"],
    ["null", null, "{}"],
    ["a root that is a member", { ".": {}, "f:a": {} }, '{"f:a":{}}'],
    ["a null below", { "f:a": null }, '{"f:a":{}}'],
    ["a member without others", { "f:a": { ".": {} } }, '{"f:a":{}}'],
    ["an unknown kind of element", { "f:a": { "z:1": {}, "f:b": {} } }, '{"f:a":{"f:b":{}}}'],
    ["unknown kinds only", { "f:a": { "z:1": {} } }, '{"f:a":{}}'],
    ["odd spelling", { "f:a": { "i:01": {} } }, '{"f:a":{"i:1":{}}}'],
    ["one element twice", { "i:1": { "f:a": {} }, "i:01": { "f:b": {} } }, '{"i:1":{"f:b":{}}}'],
  ])("with %s is read", (_, fields, text) => {
    expect(JSON.stringify(encodeFields(decodeFields(fields).set))).toBe(text);
  });

  it.each<unknown>(["x", 1, [], { "f:a": 1 }, { a: {} }, { nope: {} }])("%j is none", (fields) => {
    expect(() => decodeFields(fields)).toThrow();
  });
});

describe("filters", () => {
  const set = fieldSetOfPaths(
    [
      "spec.a",
      "spec.items.x.r",
      "spec.items.x.s",
      "spec.items.x",
      "status",
      "status.r",
      "metadata.labels.l",
    ].map((path) => path.split(".").map((step) => `f:${step}`)),
  );
  const shown = (of: FieldSet) =>
    texts(of.paths()).map((text) => text.replaceAll(/[[\]"f:]/g, "").replaceAll(",", "."));

  it("exclude fields and all below them", () => {
    expect(shown(excludeFields("status", "metadata.labels")(set))).toEqual([
      "spec.a",
      "spec.items.x",
      "spec.items.x.r",
      "spec.items.x.s",
    ]);
  });

  it("include fields, what leads there and all below them", () => {
    expect(shown(includeFields("spec.items.*.r")(set))).toEqual(["spec.items.x", "spec.items.x.r"]);
    expect(shown(includeFields("spec.items.x.r", "spec.items.x.s")(set))).toEqual([
      "spec.items.x",
      "spec.items.x.r",
      "spec.items.x.s",
    ]);
    expect(shown(includeFields("status")(set))).toEqual(["status", "status.r"]);
    expect(shown(includeFields("nothing.there")(set))).toEqual([]);
  });

  it("include only what the first path says of any step", () => {
    for (const second of ["spec.items.*.s", "spec.items.x.s"])
      expect(shown(includeFields("spec.items.*.r", second)(set))).toEqual(["spec.items.x", "spec.items.x.r"]);
  });
});
