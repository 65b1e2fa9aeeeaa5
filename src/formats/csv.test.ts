import { describe, expect, it } from "vitest";
import { parseCsv } from "./csv.ts";

describe("comma-separated values", () => {
  it.each([
    [
      "a,b\nc,d\n",
      [
        ["a", "b"],
        ["c", "d"],
      ],
    ],
    ["a,b\r\n\r\n\nc", [["a", "b"], ["c"]]],
    ['a,"b,""c"""\n', [["a", 'b,"c"']]],
    ['"two\nlines",x', [["two\nlines", "x"]]],
    [
      "a,\n,",
      [
        ["a", ""],
        ["", ""],
      ],
    ],
    ["", []],
  ])("%j", (text, records) => {
    expect(parseCsv(text)).toEqual(records);
  });

  it.each([
    ['a,b"c', 'parse error on line 1, column 4: bare " in non-quoted-field'],
    ['x\n"a"b', 'parse error on line 2, column 3: extraneous or missing " in quoted-field'],
    ['"a\nb', 'record on line 1; parse error on line 2, column 2: extraneous or missing " in quoted-field'],
  ])("refuses %j", (text, message) => {
    expect(() => parseCsv(text)).toThrow(message);
  });
});
