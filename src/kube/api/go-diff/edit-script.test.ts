import { describe, expect, it } from "vitest";
import { type Edit, editScript } from "./edit-script.ts";

const LETTERS: Record<Edit, string> = { identity: ".", uniqueX: "X", uniqueY: "Y", modified: "M" };

function scriptOf(x: string, y: string): string {
  const edits = editScript(x.length, y.length, (i, j) =>
    x[i] === y[j] ? { same: 1, different: 0 } : { same: 0, different: 2 },
  );
  return edits.map((edit) => LETTERS[edit]).join("");
}

/** The second text again, from the first one and the script. */
function replay(x: string, y: string, script: string): string {
  let [i, j] = [0, 0];
  let out = "";
  for (const edit of script) {
    if (edit === "X") i++;
    else if (edit === "Y") out += y[j++];
    else {
      out += x[i++];
      j++;
    }
  }
  expect([i, j]).toEqual([x.length, y.length]);
  return out;
}

describe("the edits between two lists", () => {
  it.each([
    ["", "", ""],
    ["a", "a", "."],
    ["a", "", "X"],
    ["", "ab", "YY"],
    ["abc", "abc", "..."],
    // Found from the back: the one that was there is the last.
    ["a", "aa", "Y."],
    ["abcd", "abd", "..X."],
  ])("%j to %j are %j", (x, y, script) => {
    expect(scriptOf(x, y)).toBe(script);
  });

  it.each([
    ["abcabba", "cbabac"],
    ["the quick brown fox", "a quick brown dog"],
    ["aaaaaaaaaa", "bbbbbbbbbb"],
    ["0123456789", "9876543210"],
  ])("%j to %j make the one of the other", (x, y) => {
    expect(replay(x, y, scriptOf(x, y))).toBe(y);
  });

  it("take what is alike enough for changed", () => {
    const alike = editScript(1, 1, () => ({ same: 1, different: 1 }));
    expect(alike).toEqual(["modified"]);
  });
});
