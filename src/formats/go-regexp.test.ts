import { describe, expect, it } from "vitest";
import { compileGoRegexp } from "./go-regexp.ts";

describe("compileGoRegexp", () => {
  it.each([
    ["^a+$", "aaa", true],
    ["^a+$", "aab", false],
    ["b", "abc", true],
    ["^$", "", true],
    ["", "x", true],
    ["^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "a-b", true],
    ["^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "a-", false],
    ["^\\d{2,3}$", "12", true],
    ["^\\d{2,3}$", "1234", false],
    ["^(?i)hello$", "HeLLo", true],
    ["(?i:k)", "\u212a", true],
    ["^[^\\s/]+$", "a b", false],
    ["^\\p{Lu}\\pL*$", "Élan", true],
    ["^\\p{Greek}+$", "αβγ", true],
    ["^\\P{Greek}+$", "αβγ", false],
    ["^[[:alpha:]_]+$", "ab_c", true],
    ["^[[:^digit:]]$", "5", false],
    ["a{,2}", "a{,2}", true],
    ["^a|b$", "xb", true],
    ["\\bfoo\\b", "a foo b", true],
    ["\\bfoo\\b", "afoob", false],
    ["a.c", "a\nc", false],
    ["(?s)a.c", "a\nc", true],
    ["^b$", "a\nb", false],
    ["(?m)^b$", "a\nb", true],
    ["\\Qa.b\\E", "a.b", true],
    ["\\Qa.b\\E", "axb", false],
    ["^\\x41\\x{1F600}$", "A😀", true],
    ["^.$", "😀", true],
    ["[]a]", "]", true],
    ["[a\\-z]", "-", true],
    ["^(?P<year>\\d{4})-(?<month>\\d\\d)$", "2024-01", true],
  ])("%s in %j: %s", (pattern, text, expected) => {
    expect(compileGoRegexp(pattern).test(text)).toBe(expected);
  });

  it.each([
    ["a|ab", "xab", [1, 2]],
    ["ab|a", "xab", [1, 3]],
    ["a+", "baaa", [1, 4]],
    ["a+?", "baaa", [1, 2]],
    ["(?U)a+", "baaa", [1, 2]],
    ["a*", "baaa", [0, 0]],
    ["(a|b)*c", "xabac", [1, 5]],
    ["x", "abc", undefined],
  ])("finds %s in %j", (pattern, text, expected) => {
    expect(compileGoRegexp(pattern).find(text)).toEqual(expected);
  });

  it.each([
    ["[a", "missing closing ]: `[a`"],
    ["a)", "unexpected ): `a)`"],
    ["(a", "missing closing ): `(a`"],
    ["*a", "missing argument to repetition operator: `*`"],
    ["a**", "invalid nested repetition operator: `**`"],
    ["a{1001}", "invalid repeat count: `{1001}`"],
    ["(a{100}){11}", "invalid repeat count: `{11}`"],
    ["[z-a]", "invalid character class range: `z-a`"],
    ["(?=a)", "invalid or unsupported Perl syntax: `(?=`"],
    ["\\1", "invalid escape sequence: `\\1`"],
    ["\\y", "invalid escape sequence: `\\y`"],
    ["\\p{Nope}", "invalid character class range: `\\p{Nope}`"],
    ["[[:nope:]]", "invalid character class range: `[:nope:]`"],
    ["a\\", "trailing backslash at end of expression: ``"],
    ["(?P<n", "invalid named capture: `(?P<n`"],
  ])("refuses %s", (pattern, message) => {
    expect(() => compileGoRegexp(pattern)).toThrow(`error parsing regexp: ${message}`);
  });

  it("takes a time that grows with the text, not by its power", () => {
    const text = "a".repeat(20_000);
    expect(compileGoRegexp("^(a+)+b$").test(text)).toBe(false);
    expect(compileGoRegexp("(x+x+)+y|(a*)*c").test(text)).toBe(false);
  });
});
