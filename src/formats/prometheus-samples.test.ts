import { describe, expect, it } from "vitest";
import { prometheusSamples } from "./prometheus-samples.ts";

const read = (text: string) =>
  [...prometheusSamples(text)].map(({ name, labels, value, type }) => [
    name,
    Object.fromEntries(labels),
    value,
    type,
  ]);

describe("an exposition in Prometheus' text format", () => {
  it.each<[string, string, unknown[]]>([
    ["nothing", "", []],
    ["comments and empty lines", "# hello\n\n  \n# HELP a b\n# EOF\n", []],
    ["a bare value", "up 1", [["up", {}, 1, "untyped"]]],
    ["labels", 'a{b="c",d="e"} 2\n', [["a", { b: "c", d: "e" }, 2, "untyped"]]],
    ["a comma after the last label", 'a{b="c",} 2', [["a", { b: "c" }, 2, "untyped"]]],
    ["blanks everywhere", ' a { b = "c" , d="e" }\t2 \r\n', [["a", { b: "c", d: "e" }, 2, "untyped"]]],
    ["escapes", 'a{b="c\\"d\\\\e\\nf"} 1', [["a", { b: 'c"d\\e\nf' }, 1, "untyped"]]],
    ["braces and hashes in a value", 'a{b="}#,"} 1', [["a", { b: "}#," }, 1, "untyped"]]],
    ["a time", "a 1 1395066363000", [["a", {}, 1, "untyped"]]],
    ["an exemplar", 'a_bucket{le="1"} 5 # {trace="x"} 0.5', [["a_bucket", { le: "1" }, 5, "untyped"]]],
    [
      "other numbers",
      "a 1e3\nb -.5\nc +Inf\nd -Inf",
      [
        ["a", {}, 1000, "untyped"],
        ["b", {}, -0.5, "untyped"],
        ["c", {}, Infinity, "untyped"],
        ["d", {}, -Infinity, "untyped"],
      ],
    ],
    ["what is no number", "a NaN", [["a", {}, Number.NaN, "untyped"]]],
    [
      "types",
      "# TYPE a counter\na 1\n# TYPE b gauge\nb 2\n# TYPE c odd\nc 3",
      [
        ["a", {}, 1, "counter"],
        ["b", {}, 2, "gauge"],
        ["c", {}, 3, "untyped"],
      ],
    ],
    [
      "members of a family",
      "# TYPE a histogram\na_sum 1\na_count 2\n# TYPE b counter\nb_total 3",
      [
        ["a_sum", {}, 1, "histogram"],
        ["a_count", {}, 2, "histogram"],
        ["b_total", {}, 3, "counter"],
      ],
    ],
  ])("%s", (_, text, samples) => {
    expect(read(text)).toEqual(samples);
  });

  it.each([
    ["<html>", "line 1: a metric's name is expected"],
    ["a 1\nb", "line 2: a value is expected"],
    ["a{b=c} 1", 'line 1: " is expected'],
    ['a{b="c} 1', "line 1: a label's value has no end"],
    ['a{b="c\\x"} 1', "line 1: bad escape"],
    ['a{b="c" d="e"} 1', "line 1: a comma or a brace is expected"],
    ['a{b="c",b="d"} 1', "line 1: label b comes twice"],
    ["a{1=2} 1", "line 1: a label's name is expected"],
    ["a 0x10", "line 1: a value is expected"],
    ["a 1 then", "line 1: a time is expected"],
    ["a 1 2 3", "line 1: there is more after the time"],
    [`${"a".repeat(300)} 1`, "line 1: a metric's name is too long"],
    [`a{b="${"c".repeat(5000)}"} 1`, "line 1: a label's value is too long"],
    [
      `a{${Array.from({ length: 65 }, (_, n) => `l${n}="x"`).join()}} 1`,
      "line 1: there are more than 64 labels",
    ],
  ])("%j is refused", (text, message) => {
    expect(() => read(text)).toThrow(message);
  });
});
