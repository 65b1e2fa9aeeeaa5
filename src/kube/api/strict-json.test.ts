import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseStrictJson } from "./strict-json.ts";
import { parseStrictYaml } from "./strict-yaml.ts";

const parse = (text: string) => parseStrictJson(Buffer.from(text));

/** A whole number past 2^53 that an int64 holds is a bigint. */
function withInt64(_key: string, value: unknown, context?: { source?: string }): unknown {
  const digits = context?.source ?? "";
  if (typeof value !== "number" || Number.isSafeInteger(value) || !/^-?\d+$/.test(digits)) return value;
  const exact = BigInt(digits);
  return exact >= -(2n ** 63n) && exact < 2n ** 63n ? exact : value;
}

describe("parseStrictJson", () => {
  it("finds duplicate keys at any depth, the later value counts", () => {
    expect(parse('{"a":1,"b":[{"c":1,"c":2}],"a":3}')).toEqual({
      value: { a: 3, b: [{ c: 2 }] },
      duplicates: ["b[0].c", "a"],
    });
    expect(parse('{"a":{"x:y":1},"b":":\\":"}').duplicates).toEqual([]);
    expect(parse('{"a\\u0062":1,"ab":2}').duplicates).toEqual(["ab"]);
  });

  it.each([
    ["", "unexpected end of JSON input"],
    ["x", "invalid character 'x' looking for beginning of value"],
    ["{x}", "invalid character 'x' looking for beginning of object key string"],
    ['{"a"1}', "invalid character '1' after object key"],
    ['{"a":1 "b":2}', "invalid character '\"' after object key:value pair"],
    ["[1 2]", "invalid character '2' after array element"],
    ["{} x", "invalid character 'x' after top-level value"],
    ['{"a":', "unexpected end of JSON input"],
    ['"abc', "unexpected end of JSON input"],
    ['{"a":NaN}', "invalid character 'N' looking for beginning of value"],
  ])("refuses %j as Go does", (text, message) => {
    expect(() => parse(text)).toThrow(message);
  });

  it("refuses deep nesting quickly", () => {
    expect(() => parse("[".repeat(100_000))).toThrow("exceeded max depth");
    expect(() => parse('{"a":'.repeat(100_000))).toThrow("exceeded max depth");
  });

  it("keeps odd keys harmless", () => {
    const { value } = parse('{"__proto__":{"polluted":true},"constructor":1}');
    expect(Object.keys(value as object)).toEqual(["__proto__", "constructor"]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it("agrees with JSON.parse on everything that JSON.stringify writes, but for the digits of big whole numbers", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(parse(text)).toEqual({ value: JSON.parse(text, withInt64), duplicates: [] });
      }),
      { examples: [[[{ "": 2 ** 53 }]], [-(2 ** 63)], [2 ** 63], [2 ** 53 - 1], [1e21]] },
    );
  });

  it("any text is parsed or refused with InvalidArgument", () => {
    const text = fc
      .array(fc.constantFrom("{", "}", "[", "]", '"', ":", ",", "1", "a", "\\", " ", "null"))
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, (one) => {
        try {
          expect(parse(one).value).toEqual(JSON.parse(one, withInt64));
        } catch (error) {
          expect(error).toMatchObject({ kind: "InvalidArgument" });
        }
      }),
    );
  });
});

describe("parseStrictYaml", () => {
  it("reads manifests", () => {
    expect(parseStrictYaml(Buffer.from("a: &x {b: 1}\nc: *x\n"))).toEqual({ a: { b: 1 }, c: { b: 1 } });
  });

  it("stops alias bombs within moments", () => {
    const lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x]"];
    for (let index = 1; index < 12; index++) {
      lines.push(
        `a${index}: &a${index} [${Array(9)
          .fill(`*a${index - 1}`)
          .join(",")}]`,
      );
    }
    expect(() => parseStrictYaml(Buffer.from(lines.join("\n")))).toThrow("excessive aliasing");
  });

  it("refuses broken and circular documents", () => {
    expect(() => parseStrictYaml(Buffer.from("a: [1"))).toThrow("error converting YAML to JSON");
    expect(() => parseStrictYaml(Buffer.from("a: &a [*a]"))).toThrow("error converting YAML to JSON");
    expect(() => parseStrictYaml(Buffer.from("a: .inf"))).toThrow("error converting YAML to JSON");
  });
});
