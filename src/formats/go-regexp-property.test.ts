import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileGoRegexp } from "./go-regexp.ts";

describe("a pattern in Go's syntax", () => {
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
        const own = compileGoRegexp(`(?s)${source}`);
        expect(own.test(within)).toBe(theirs !== null);
        const match = own.find(within);
        expect(match && within.slice(...match)).toBe(theirs?.[0]);
      }),
      { numRuns: 2_000 },
    );
  });
});
