import { describe, expect, it } from "vitest";
import { nearestWord, suggestion } from "./nearest-word.ts";

describe("what was probably meant", () => {
  it.each<[string, string[], string | undefined]>([
    ["buidl", ["build", "test"], "build"],
    ["bild", ["mild", "build"], "mild"],
    ["build", ["build", "guild"], undefined],
    ["nothing", ["like", "it"], undefined],
    ["a", [""], undefined],
  ])("%s of %j", (word, options, meant) => {
    expect(nearestWord(word, options)).toBe(meant);
  });

  it("has the word's case where case does not matter", () => {
    expect(nearestWord("rum", ["RUN"], { caseSensitive: false })).toBe("run");
    expect(nearestWord("RUM", ["run"], { caseSensitive: false })).toBe("RUN");
    expect(nearestWord("rum", ["RUN"])).toBeUndefined();
    expect(suggestion("FORM", ["FROM"])).toBe(" (did you mean FROM?)");
    expect(suggestion("X", ["FROM"])).toBe("");
  });
});
