import { expect, it } from "vitest";
import { goBoolProblem, parseGoBool } from "./go-bool.ts";

it("takes Go's words for yes and no, and no others", () => {
  expect(["1", "t", "T", "true", "True", "TRUE"].map(parseGoBool)).toEqual(Array(6).fill(true));
  expect(["0", "f", "F", "false", "False", "FALSE"].map(parseGoBool)).toEqual(Array(6).fill(false));
  for (const other of ["", "yes", "tRUE", " 1", "1\n", "01"]) expect(parseGoBool(other)).toBeUndefined();
  expect(goBoolProblem('a"')).toBe('strconv.ParseBool: parsing "a\\"": invalid syntax');
});
