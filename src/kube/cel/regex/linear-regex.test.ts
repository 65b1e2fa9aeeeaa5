import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LinearRegex } from "./linear-regex.ts";
import { PatternError } from "./pattern.ts";

describe("a linear regular expression", () => {
  it("takes time in proportion to the text, whatever the pattern", () => {
    // JavaScript's own engine would try 2^n ways through these.
    const text = `${"a".repeat(5_000)}!`;
    for (const pattern of ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "(a*)*b", "^(([a-z])+.)+[A-Z]([a-z])+$"])
      expect(new LinearRegex(pattern).test(text)).toBe(false);
  });

  it("prefers what is written first, and what is greedy", () => {
    expect(new LinearRegex("a|ab").find("ab")).toBe("a");
    expect(new LinearRegex("ab|a").find("ab")).toBe("ab");
    expect(new LinearRegex("a*?").find("aaa")).toBe("");
    expect(new LinearRegex("(?U)a+").find("aaa")).toBe("a");
    expect(new LinearRegex("x*y|xxx").find("axxx")).toBe("xxx");
  });

  it("refuses what only backtracking can do", () => {
    for (const pattern of ["(a)\\1", "a(?=b)", "a(?!b)", "(?<=a)b", "a++"])
      expect(() => new LinearRegex(pattern)).toThrow(PatternError);
  });

  it("agrees with JavaScript where both have the same syntax", () => {
    const atom = fc.constantFrom(
      "a",
      "b",
      "c",
      ".",
      "[ab]",
      "[^a]",
      "(?:a|bc)",
      "(?:b|)",
      "\\w",
      "^",
      "$",
      "\\b",
    );
    const repeated = fc.tuple(atom, fc.constantFrom("", "", "*", "+", "?", "*?", "{2}", "{1,2}"));
    const piece = repeated.map(([one, repeat]) =>
      /[$^b]$/.test(one) && one.length !== 1 ? one : one + repeat,
    );
    const isRepeatable = (pattern: string) => !/[$^][*+?{]|\\b[*+?{]/.test(pattern);
    const pattern = fc
      .array(piece, { minLength: 1, maxLength: 5 })
      .map((pieces) => pieces.join(""))
      .filter(isRepeatable);
    const text = fc.string({ unit: fc.constantFrom("a", "b", "c", " "), maxLength: 12 });
    fc.assert(
      fc.property(pattern, text, (source, within) => {
        const theirs = new RegExp(source, "su").exec(within);
        const own = new LinearRegex(`(?s)${source}`);
        expect(own.test(within)).toBe(theirs !== null);
        expect(own.find(within)).toBe(theirs?.[0] ?? "");
      }),
      { numRuns: 2_000 },
    );
  });
});
