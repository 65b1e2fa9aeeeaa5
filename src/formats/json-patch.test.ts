import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyJsonPatch, parseJsonPatch } from "./json-patch.ts";

const patch = (document: unknown, ...operations: unknown[]) =>
  applyJsonPatch(document, parseJsonPatch(operations));

describe("applyJsonPatch", () => {
  // The examples of RFC 6902, appendix A.
  it.each([
    [{ foo: "bar" }, { op: "add", path: "/baz", value: "qux" }, { baz: "qux", foo: "bar" }],
    [{ foo: ["bar", "baz"] }, { op: "add", path: "/foo/1", value: "qux" }, { foo: ["bar", "qux", "baz"] }],
    [{ baz: "qux", foo: "bar" }, { op: "remove", path: "/baz" }, { foo: "bar" }],
    [{ foo: ["bar", "qux", "baz"] }, { op: "remove", path: "/foo/1" }, { foo: ["bar", "baz"] }],
    [{ baz: "qux" }, { op: "replace", path: "/baz", value: "boo" }, { baz: "boo" }],
    [
      { foo: { bar: "baz", waldo: "fred" }, qux: { corge: "grault" } },
      { op: "move", from: "/foo/waldo", path: "/qux/thud" },
      { foo: { bar: "baz" }, qux: { corge: "grault", thud: "fred" } },
    ],
    [{ foo: [1, 2, 3, 4] }, { op: "move", from: "/foo/1", path: "/foo/3" }, { foo: [1, 3, 4, 2] }],
    [{ foo: ["bar"] }, { op: "add", path: "/foo/-", value: ["abc"] }, { foo: ["bar", ["abc"]] }],
    [
      { "/": 9, "~1": 10 },
      { op: "test", path: "/~01", value: 10 },
      { "/": 9, "~1": 10 },
    ],
    [{ a: 1 }, { op: "replace", path: "", value: { b: 2 } }, { b: 2 }],
    [{ a: { b: 1 } }, { op: "copy", from: "/a", path: "/c" }, { a: { b: 1 }, c: { b: 1 } }],
    [{ a: { x: 1, y: 2 } }, { op: "test", path: "/a", value: { y: 2, x: 1 } }, { a: { x: 1, y: 2 } }],
    // As evanphx/json-patch has it, which upstream uses.
    [{ foo: "bar" }, { op: "replace", path: "/baz", value: 1 }, { foo: "bar", baz: 1 }],
    [{ foo: [1, 2] }, { op: "add", path: "/foo/-1", value: 3 }, { foo: [1, 2, 3] }],
    [{ foo: [1, 2] }, { op: "add", path: "/foo/-2", value: 3 }, { foo: [1, 3, 2] }],
    [{ foo: [1, 2] }, { op: "replace", path: "/foo/-1", value: 3 }, { foo: [1, 3] }],
    [{ foo: [1, 2] }, { op: "remove", path: "/foo/-2" }, { foo: [2] }],
    [{ foo: [1, 2] }, { op: "test", path: "/foo/-1", value: 2 }, { foo: [1, 2] }],
  ])("%j with %j", (document, operation, expected) => {
    expect(patch(document, operation)).toEqual(expected);
  });

  it.each([
    [{ foo: "bar" }, { op: "add", path: "/baz/bat", value: "qux" }],
    [{ foo: "bar" }, { op: "remove", path: "/baz" }],
    [{ foo: "bar" }, { op: "replace", path: "/baz/bat", value: 1 }],
    [{ foo: [1] }, { op: "replace", path: "/foo/1", value: 1 }],
    [{ foo: [1] }, { op: "add", path: "/foo/5", value: 1 }],
    [{ foo: [1] }, { op: "add", path: "/foo/x", value: 1 }],
    [{ foo: [1] }, { op: "remove", path: "/foo/-2" }],
    [{}, { op: "add", path: "", value: {} }],
    [{}, { op: "remove", path: "" }],
    [{}, {}],
    [{}, { op: "add" }],
    [{}, { op: "explode", path: "/a" }],
    [{}, { op: "move", path: "/a" }],
    [{ foo: 1 }, { op: "test", path: "/foo", value: "1" }],
    [{ a: { b: {} } }, { op: "move", from: "/a", path: "/a/b/c" }],
    [{}, { op: "remove", path: "/constructor" }],
    [{}, { op: "add", path: "x", value: 1 }],
  ])("refuses %j with %j", (document, operation) => {
    expect(() => patch(document, operation)).toThrow();
  });

  it("leaves the document alone, also when an operation fails", () => {
    const document = { list: [1], map: { a: 1 } };
    patch(document, { op: "add", path: "/list/-", value: 2 }, { op: "remove", path: "/map/a" });
    expect(document).toEqual({ list: [1], map: { a: 1 } });
  });

  it("makes __proto__ an ordinary key", () => {
    const result = patch({}, { op: "add", path: "/__proto__", value: { polluted: true } }) as object;
    expect(Object.keys(result)).toEqual(["__proto__"]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it("stops copies that would fill the memory", () => {
    const operations: unknown[] = [{ op: "add", path: "/a", value: "x".repeat(1000) }];
    for (let index = 0; index < 40; index++) operations.push({ op: "copy", from: "", path: `/a${index}` });
    expect(() => patch({}, ...operations)).toThrow("Unable to complete the copy");
  });

  it("refuses what is no patch", () => {
    expect(() => parseJsonPatch({})).toThrow(
      "json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp",
    );
    expect(() => parseJsonPatch([5])).toThrow(
      "json: cannot unmarshal number into Go value of type handlers.jsonPatchOp",
    );
    expect(() => parseJsonPatch([{ op: 5 }])).toThrow(
      "json: cannot unmarshal number into Go struct field jsonPatchOp.op of type string",
    );
    expect(() => parseJsonPatch(Array(10_001).fill({ op: "test", path: "" }))).toThrow("maximum operations");
  });

  it("add then remove gives the document back", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.string(),
        fc.jsonValue(),
        (document, key, value) => {
          fc.pre(!Object.hasOwn(document, key) && !Object.hasOwn(document, "__proto__"));
          const path = `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
          expect(patch(document, { op: "add", path, value }, { op: "remove", path })).toEqual(document);
        },
      ),
    );
  });
});
