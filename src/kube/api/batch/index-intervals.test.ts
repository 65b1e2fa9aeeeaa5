import { describe, expect, it } from "vitest";
import { countIndexes, overlapOf } from "./index-intervals.ts";

describe("intervals of indexes", () => {
  it.each([
    ["", 0],
    ["3", 1],
    ["0,2-4,9", 5],
    ["1,1", "non-increasing order, previous: 1, current: 1"],
    ["4-2", "non-increasing order, previous: 4, current: 2"],
    ["0-3,3", "non-increasing order, previous: 3, current: 3"],
    ["10", 'too large index: "10"'],
    ["2-12", 'too large index: "12"'],
    ["a", 'cannot convert string to integer for index: "a"'],
    ["1-", 'cannot convert string to integer for index: ""'],
    [
      "1-2-3",
      "the fragment \"1-2-3\" violates the requirement that an index interval can have at most two parts separated by '-'",
    ],
  ])("%j of ten", (text, expected) => {
    expect(countIndexes(text, 10)).toBe(expected);
  });

  it.each([
    ["0-3", "4-5", undefined],
    ["0-3", "3", 3],
    ["5", "0-9", 5],
    ["0,2,4", "1,3,5", undefined],
    ["0,2,x,7", "1,3,6-8", 7],
    ["", "1", undefined],
  ])("%j and %j overlap at %s", (one, other, expected) => {
    expect(overlapOf(one, other, 10)).toBe(expected);
  });
});
