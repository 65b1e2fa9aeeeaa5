import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type JsonObject, jsonEquals } from "./json-value.ts";
import { applyMergePatch, createMergePatch } from "./merge-patch.ts";

describe("applyMergePatch", () => {
  // RFC 7396, appendix A.
  it.each([
    [{ a: "b" }, { a: "c" }, { a: "c" }],
    [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
    [{ a: "b" }, { a: null }, {}],
    [{ a: ["b"] }, { a: "c" }, { a: "c" }],
    [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
    [
      ["a", "b"],
      ["c", "d"],
      ["c", "d"],
    ],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: "b", c: null }, { a: "b" }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
    [{ a: "foo" }, null, null],
  ])("%j with %j", (target, patch, expected) => {
    expect(applyMergePatch(target, patch)).toEqual(expected);
  });

  it("changes neither argument", () => {
    const target = { a: { b: 1 } };
    applyMergePatch(target, { a: { b: null } });
    expect(target).toEqual({ a: { b: 1 } });
  });

  it("makes __proto__ an ordinary key", () => {
    applyMergePatch({}, JSON.parse('{"__proto__":{"polluted":true}}'));
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it("a created patch leads from one object to the other", () => {
    const leaf = fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.array(fc.integer()));
    const tree = fc.dictionary(
      fc.constantFrom("a", "b", "c"),
      fc.oneof(leaf, fc.dictionary(fc.constantFrom("x", "y"), leaf)),
    );
    fc.assert(
      fc.property(tree, tree, (before, after) => {
        const patch = createMergePatch(before as JsonObject, after as JsonObject);
        expect(jsonEquals(applyMergePatch(before, patch), after)).toBe(true);
      }),
    );
  });
});
