import { describe, expect, it } from "vitest";
import { KnownTexts } from "./known-texts.ts";

describe("known texts", () => {
  const kept = (texts: string[], limits = { maxTexts: 3, maxCharacters: 10 }) => {
    const known = new KnownTexts<number>(limits);
    for (const text of texts) known.keep(text, text.length);
    return texts.filter((text) => known.get(text) === text.length);
  };

  it.each<[string, string[], string[]]>([
    ["are kept", ["a", "bb", "ccc"], ["a", "bb", "ccc"]],
    ["are forgotten where they are too many", ["a", "bb", "ccc", "dddd"], ["dddd"]],
    ["are forgotten where they are too long together", ["aaaa", "bbbbb", "cc", "dd"], ["cc", "dd"]],
    ["are not kept where one is too long", ["a", "bbbbbbbbbbb", "cc"], ["a", "cc"]],
  ])("%s", (_what, texts, expected) => {
    expect(kept(texts)).toEqual(expected);
  });
});
