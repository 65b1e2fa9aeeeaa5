import { describe, expect, it } from "vitest";
import { pemBlocks } from "./pem.ts";

const shown = (text: string) => pemBlocks(text).map(({ label, bytes }) => [label, bytes.toString("utf8")]);

describe("PEM blocks", () => {
  it.each([
    ["a block", "-----BEGIN A-----\naGk=\n-----END A-----\n", [["A", "hi"]]],
    ["text around it", "x\n-----BEGIN A-----\r\naG\r\nk=\r\n-----END A-----\r\ny", [["A", "hi"]]],
    ["an empty one", "-----BEGIN A-----\n-----END A-----", [["A", ""]]],
    [
      "one after another",
      "-----BEGIN A-----\naGk=\n-----END A-----\n-----BEGIN B-----\naG8=\n-----END B-----\n",
      [
        ["A", "hi"],
        ["B", "ho"],
      ],
    ],
    [
      "a good one after a bad one",
      "-----BEGIN A-----\naG!k\n-----END A-----\n-----BEGIN B-----\naG8=\n-----END B-----\n",
      [["B", "ho"]],
    ],
    ["another end", "-----BEGIN A-----\naGk=\n-----END B-----\n", []],
    ["something behind the end", "-----BEGIN A-----\naGk=\n-----END A-----x\n", []],
    ["a begin inside of a line", "x -----BEGIN A-----\naGk=\n-----END A-----\n", []],
    ["none", "", []],
  ])("are found in %s", (_, text, expected) => {
    expect(shown(text)).toEqual(expected);
  });

  it("may have headers", () => {
    const [block] = pemBlocks("-----BEGIN A-----\nDEK-Info: x: y\n\naGk=\n-----END A-----\n");
    expect(block).toMatchObject({ headers: { "DEK-Info": "x: y" } });
    expect(block!.bytes.toString()).toBe("hi");
  });
});
