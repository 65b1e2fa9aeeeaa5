import { describe, expect, it } from "vitest";
import { IndexSet } from "./index-set.ts";
import { successPolicyMet } from "./success-policy.ts";

describe("a set of indexes", () => {
  it.each([
    ["", 10, "", 0],
    ["0,2-4,9", 10, "0,2-4,9", 5],
    ["0,2-4,9", 4, "0,2,3", 3],
    ["1,x,3-,5", 10, "1,5", 2],
    ["0,1,2", 10, "0-2", 3],
    ["3,4", 10, "3,4", 2],
    ["7-20", 5, "", 0],
  ])("%j of %d is %j", (text, completions, expected, size) => {
    const set = IndexSet.parse(text, completions);
    expect(`${set}`).toBe(expected);
    expect(set.size).toBe(size);
  });

  it("knows what it has", () => {
    const set = IndexSet.parse("1,3-5,9", 10);
    expect([0, 1, 2, 3, 4, 5, 6, 8, 9, 10].filter((index) => set.has(index))).toEqual([1, 3, 4, 5, 9]);
  });

  it("grows by others, in whatever order they come", () => {
    expect(`${IndexSet.of([7, 1, 2, 1, 9])}`).toBe("1,2,7,9");
    expect(`${IndexSet.parse("0,4-6", 20).union(IndexSet.of([5, 3, 8, 1]))}`).toBe("0,1,3-6,8");
  });

  it("tells what is in both", () => {
    expect(IndexSet.parse("0-5,8,10-12", 20).overlap(IndexSet.parse("4-9,12", 20))).toBe(4);
  });

  it.each([
    ["", 3, 10, [0, 1, 2]],
    ["0,2-3", 3, 10, [1, 4, 5]],
    ["0-8", 3, 10, [9]],
    ["0-9", 3, 10, []],
    ["1", 0, 10, []],
    ["12", 5, 4, [0, 1, 2, 3]],
  ])("tells what is missing in %j: %d of %d", (text, count, completions, expected) => {
    expect(IndexSet.parse(text, 20).missing(count, completions)).toEqual(expected);
  });
});

describe("a policy for success is met", () => {
  it.each([
    [[{ succeededIndexes: "0-2" }], "0,1", undefined],
    [[{ succeededIndexes: "0-2" }], "0-3", 0],
    [[{ succeededIndexes: "0-2", succeededCount: 2 }], "1,2", 0],
    [[{ succeededCount: 3 }], "0,1", undefined],
    [[{ succeededCount: 3 }], "0,5,7", 0],
    [[{ succeededIndexes: "0" }, { succeededIndexes: "5" }], "5", 1],
    // None of it is an index of the Job.
    [[{ succeededIndexes: "12" }], "5", undefined],
    [[{ succeededCount: 0 }], "", undefined],
  ])("%j by %j: rule %s", (rules, succeeded, expected) => {
    expect(successPolicyMet({ rules }, 10, IndexSet.parse(succeeded, 10))).toBe(expected);
  });
});
