import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isGantryError } from "../../base/index.ts";
import { compileGlob, createIgnoreMatcher, parseDockerignore } from "../index.ts";

const ignored = (patterns: string, path: string) =>
  createIgnoreMatcher(parseDockerignore(patterns)).ignores(path);

describe(".dockerignore", () => {
  it.each([
    ["node_modules", "node_modules", true],
    ["node_modules", "node_modules/a/b", true],
    ["node_modules", "src/node_modules", false],
    ["**/node_modules", "src/x/node_modules/y", true],
    ["**/node_modules", "node_modules", true],
    ["/build/", "build/x", true],
    ["*.md", "README.md", true],
    ["*.md", "docs/README.md", false],
    ["*/*.md", "docs/README.md", true],
    ["docs/**", "docs/a/b", true],
    ["docs/**/*.txt", "docs/a.txt", true],
    ["docs/**/*.txt", "docs/x/y/a.txt", true],
    ["a?c", "abc", true],
    ["a?c", "a/c", false],
    ["[a-c]x", "bx", true],
    ["[^a-c]x", "bx", false],
    ["\\*x", "*x", true],
    ["*\n!keep", "keep", false],
    ["*\n!keep", "other", true],
    ["*.md\n!README*.md\nREADME-secret.md", "README-secret.md", true],
    ["dir\n!dir/keep", "dir/keep", false],
    ["dir\n!dir/keep", "dir/other", true],
    ["# remark\n\n  a  ", "a", true],
    ["./a/../b", "b", true],
    ["a**b", "axxb", true],
  ])("%j and %s", (patterns, path, expected) => {
    expect(ignored(patterns, path)).toBe(expected);
  });

  it("refuses patterns without sense", () => {
    expect(() => ignored("[a", "a")).toThrow("syntax error in pattern");
  });

  it("takes any text without failing otherwise", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (patterns, path) => {
        try {
          ignored(patterns, path);
        } catch (error) {
          expect(isGantryError(error, "InvalidArgument")).toBe(true);
        }
      }),
    );
  });

  it("is quick on patterns made to be slow", () => {
    expect(ignored("*a*a*a*a*a*a*a*a*b", "a".repeat(5000))).toBe(false);
  });
});

describe("globs", () => {
  it.each([
    ["*.txt", "a.txt", true],
    ["*.txt", "a.txtx", false],
    ["*", "a/b", false],
    ["a[0-9]", "a5", true],
    ["a[^0-9]", "a5", false],
    ["file?", "file1", true],
    ["a\\*", "a*", true],
  ])("%s and %s", (pattern, name, expected) => {
    expect(compileGlob(pattern).matches(name)).toBe(expected);
  });
});
