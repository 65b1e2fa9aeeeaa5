// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the templates
import { describe, expect, it } from "vitest";
import { InvalidTemplate, substitute } from "./substitute.ts";

const values: Record<string, string> = { SET: "val", EMPTY: "" };
const lookup = (name: string) => values[name];

describe("variables in a text", () => {
  it.each([
    ["$SET", "val"],
    ["${SET}x", "valx"],
    ["$UNSET.", "."],
    ["${UNSET:-a}${UNSET-b}", "ab"],
    ["${EMPTY:-a}${EMPTY-b}", "a"],
    ["${SET:+r}${EMPTY:+r}${EMPTY+e}${UNSET+u}", "re"],
    ["${SET:?no}${EMPTY?no}", "val"],
    ["${UNSET:-${SET}-${NOT:-deep}}", "val-deep"],
    ["${UNSET:-a}}", "a}"],
    ["$$SET $${SET} $$$SET", "$SET ${SET} $val"],
    ["100% $ 5 $5", "100% $ 5 $5"],
    ["${UNSET:-a\nb}", "a\nb"],
  ])("%j becomes %j", (text, expected) => expect(substitute(text, lookup)).toBe(expected));

  it.each(["${", "${}", "${1}", "${SET", "${SET!x}", "x${SET bar}"])("%j is no template", (text) => {
    expect(() => substitute(text, lookup)).toThrow(InvalidTemplate);
  });

  it.each([
    ["${UNSET:?must be set}", "required variable UNSET is missing a value: must be set"],
    ["${EMPTY:?}", "required variable EMPTY is missing a value"],
    ["${UNSET?because $SET}", "required variable UNSET is missing a value: because val"],
  ])("%j is refused", (text, message) => expect(() => substitute(text, lookup)).toThrow(message));

  it("names variables that are not set and have no default", () => {
    const unset: string[] = [];
    substitute("$A ${B} ${C:-d} ${D-} $SET", lookup, (name) => unset.push(name));
    expect(unset).toEqual(["A", "B"]);
  });

  it("does not follow nesting without end", () => {
    const deep = "${A:-".repeat(200) + "x" + "}".repeat(200);
    expect(() => substitute(deep, lookup)).toThrow(InvalidTemplate);
  });
});
