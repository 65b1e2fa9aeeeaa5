import { describe, expect, it } from "vitest";
import { emitYaml } from "./emit-yaml.ts";
import { parseYaml, placeKey } from "./parse-yaml.ts";

describe("reading", () => {
  it("tells on which line things stand", () => {
    const [document] = parseYaml("a:\n  - x\n  - y: 1\nb: 2\n", "f");
    const line = (...path: string[]) => document!.lines.get(placeKey(path));
    expect([line("a"), line("a", "1"), line("a", "1", "y"), line("b")]).toEqual([1, 3, 3, 4]);
  });

  it("keeps what is reset apart", () => {
    const [document] = parseYaml("a: !reset null\nb: !override [1]\nc: {d: !reset x}\n", "f");
    expect(document!.tree).toEqual({ b: [1], c: {} });
    expect(document!.resets).toEqual([["a"], ["b"], ["c", "d"]]);
  });

  it("merges maps, the nearer one first", () => {
    const [document] = parseYaml("x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz: {<<: [*x, *y], c: 3}\n", "f");
    expect(document!.tree).toMatchObject({ z: { a: 1, b: 1, c: 3 } });
  });

  it("does not make much of little", () => {
    const bombs = Array.from(
      { length: 12 },
      (_, at) => `a${at}: &a${at} [${Array(10).fill(at === 0 ? "x" : `*a${at - 1}`)}]`,
    );
    expect(() => parseYaml(bombs.join("\n"), "f")).toThrow("document contains excessive aliasing");
    expect(() => parseYaml("a: &a [*a]", "f")).toThrow();
    expect(() => parseYaml("a: &a {b: *a}", "f")).toThrow("value contains itself");
  });

  it.each([
    ["a: 1\na: 2", 'line 2: mapping key "a" already defined at line 1'],
    ["a: [", "failed to parse f: yaml: line"],
    ["1: x", "non-string key at top level: 1"],
    ["a: *nope", "unknown anchor 'nope' referenced"],
  ])("refuses %j", (text, message) => expect(() => parseYaml(text, "f")).toThrow(message));

  it("takes any name for a key", () => {
    const [document] = parseYaml("__proto__: {x: 1}\nconstructor: 2\n", "f");
    expect(Object.keys(document!.tree as object)).toEqual(["__proto__", "constructor"]);
    expect(({} as { x?: number }).x).toBeUndefined();
  });
});

describe("writing", () => {
  it.each([
    [{ b: 1, a: [{ c: "x", d: [] }, "y"] }, 'a:\n  - c: x\n    d: []\n  - "y"\nb: 1\n'],
    [{ a10: 1, a2: 2, B: 3 }, "B: 3\na2: 2\na10: 1\n"],
    [{ a: "l1\nl2\n", b: "l1\nl2", c: "\n" }, "a: |\n  l1\n  l2\nb: |-\n  l1\n  l2\nc: |2+\n\n"],
    [
      { a: "", b: "true", c: "8080", d: "a: b", e: "#x", f: "- x", g: "a\tb" },
      `a: ""\nb: "true"\nc: "8080"\nd: 'a: b'\ne: '#x'\nf: '- x'\ng: "a\\tb"\n`,
    ],
  ])("%j", (value, expected) => expect(emitYaml(value)).toBe(expected));
});
