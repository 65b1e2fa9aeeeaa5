import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJson } from "./json-integers.ts";
import { parseJsonInPieces } from "./json-pieces.ts";

function parse(text: string) {
  const finished = new Set<object>();
  let steps = 0;
  const parsing = parseJsonInPieces(Buffer.from(text), (container) => finished.add(container));
  for (;;) {
    const step = parsing.next();
    if (step.done) return { value: step.value, steps, finished };
    steps++;
  }
}

function containersIn(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return Object.values(value).reduce((sum: number, inner) => sum + containersIn(inner), 1);
}

describe("JSON parsed in pieces", () => {
  it("is what it is parsed as at once, each part of it finished", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.boolean(), fc.nat(30), (value, isIndented, times) => {
        const big = {
          before: value,
          all: Array.from({ length: times }, () => ({ ...{ a: value }, pad: "x".repeat(999) })),
        };
        const text = JSON.stringify(big, null, isIndented ? 2 : 0);
        const { value: parsed, finished } = parse(text);
        expect(parsed).toEqual(parseJson(text));
        expect(finished.size).toBe(containersIn(parsed));
      }),
      { numRuns: 200 },
    );
  });

  it("takes a step for so many bytes, however they are nested", () => {
    const keys = Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`k${n}`, ""]));
    for (const value of [keys, { a: { b: { c: keys } } }, Object.keys(keys), [[Object.keys(keys)]]]) {
      const text = JSON.stringify(value);
      const { value: parsed, steps } = parse(text);
      expect(parsed).toEqual(value);
      expect(steps).toBeGreaterThan(text.length / 20_000);
    }
  });

  it("keeps members whose names are special, and the last of those that stand twice", () => {
    const pad = `"pad":"${"x".repeat(9000)}"`;
    const text = `{"__proto__":{"a":1},"a":1,${pad},"a":{"b":[${"1,".repeat(9000)}2]},"\\u0062":"\\"\\\\"}`;
    const { value } = parse(text) as { value: Record<string, unknown> };
    expect(Object.keys(value)).toEqual(["__proto__", "a", "pad", "b"]);
    expect(value.b).toBe('"\\');
    expect(value).toEqual(parseJson(text));
  });

  it("refuses what breaks off", () => {
    const text = JSON.stringify({ a: Array.from({ length: 9000 }, () => ({ b: "c" })) });
    for (const cut of [text.length - 1, 20_001, 20_003])
      expect(() => parse(text.slice(0, cut))).toThrow(SyntaxError);
  });
});
