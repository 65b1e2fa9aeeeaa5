import { describe, expect, it } from "vitest";
import { ProvenTokens } from "./proven-tokens.ts";

function counted() {
  const proven: string[] = [];
  const tokens = new ProvenTokens((token) => {
    proven.push(token);
    return token.startsWith("good") ? { of: token } : undefined;
  });
  return { proven, tokens };
}

describe("ProvenTokens", () => {
  it("proves a token once, and finds the same in it", () => {
    const { proven, tokens } = counted();
    expect(tokens.get("good")).toBe(tokens.get("good"));
    expect(proven).toEqual(["good"]);
  });

  it("keeps nothing of what is not signed", () => {
    const { proven, tokens } = counted();
    expect([tokens.get("bad"), tokens.get("bad")]).toEqual([undefined, undefined]);
    expect(proven).toEqual(["bad", "bad"]);
  });

  it("proves long tokens each time", () => {
    const { proven, tokens } = counted();
    const long = `good${"x".repeat(5000)}`;
    expect([tokens.get(long), tokens.get(long)]).toEqual([{ of: long }, { of: long }]);
    expect(proven).toHaveLength(2);
  });

  it("forgets the oldest of many", () => {
    const { proven, tokens } = counted();
    for (let index = 0; index < 600; index++) tokens.get(`good-${index}`);
    tokens.get("good-599");
    tokens.get("good-0");
    expect(proven.slice(600)).toEqual(["good-0"]);
  });
});
