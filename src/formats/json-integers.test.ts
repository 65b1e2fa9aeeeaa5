import { describe, expect, it } from "vitest";
import { parseJson } from "./json-integers.ts";

describe("parseJson", () => {
  it.each([
    ["9007199254740991", 9007199254740991],
    ["9007199254740993", 9007199254740993n],
    ["-9007199254740993", -9007199254740993n],
    ["9223372036854775807", 9223372036854775807n],
    ["-9223372036854775808", -9223372036854775808n],
    // Go's decoder takes what no int64 can hold for a float64.
    ["9223372036854775808", 2 ** 63],
    ["9007199254740993.0", 9007199254740992],
    ["9007199254740992e1", 10 * 2 ** 53],
    ["1e400", Number.POSITIVE_INFINITY],
    ['"9007199254740993"', "9007199254740993"],
    ['{"a":[1,{"b":9007199254740993}],"c":1.5}', { a: [1, { b: 9007199254740993n }], c: 1.5 }],
    ['{"text":"x:1234567890123456789","n":12}', { text: "x:1234567890123456789", n: 12 }],
  ])("reads %s", (text, value) => {
    expect(parseJson(text)).toStrictEqual(value);
  });

  it.each(["9007199254740993", '{"a":[9007199254740993,-9223372036854775808]}'])(
    "%s is written as it came",
    (text) => {
      expect(JSON.stringify(parseJson(text))).toBe(text);
    },
  );

  it("lets the caller look at what was read", () => {
    const seen: unknown[] = [];
    parseJson("[9007199254740993,1]", (_, value) => seen.push(value) && value);
    expect(seen.slice(0, 2)).toEqual([9007199254740993n, 1]);
  });
});
