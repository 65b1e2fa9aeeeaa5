import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { parseStrictYaml } from "./strict-yaml.ts";
import { yamlDuplicateKeys } from "./yaml-duplicate-keys.ts";

// As goyaml.v2's strict decoder says them (k8s.io/apimachinery's field validation of applied YAML).
const TOLD: [string, string[]][] = [
  ["a: 1\nb: 2", []],
  ["\nspec:\n  foo: 1\n  foo: 2", ['line 4: key "foo" already set in map']],
  [
    "a: {q: 1, 'q': 2}\na:\n  b: 1",
    ['line 1: key "q" already set in map', 'line 3: key "a" already set in map'],
  ],
  ["- {a: 1, a: 1, a: 1}", Array(2).fill('line 1: key "a" already set in map')],
  ["1: a\n1: b\n'1': c", ["line 2: key 1 already set in map"]],
  ["base: &b {x: 1}\nc:\n  <<: *b\n  x: 2", []],
  ["? [a]\n: 1\n? [a]\n: 2", []],
];

describe("keys that a map has twice", () => {
  it.each(TOLD)("are told of %j", (text, told) => {
    expect(yamlDuplicateKeys(text)).toEqual(told);
  });

  it("refuse the document, unless the last one is to count", () => {
    const bytes = Buffer.from("a: 1\na: 2\n");
    expect(() => parseStrictYaml(bytes)).toThrow(
      'error converting YAML to JSON: yaml: unmarshal errors:\n  line 2: key "a" already set in map',
    );
    expect(parseStrictYaml(bytes, { duplicates: "last" })).toEqual({ a: 2 });
  });

  it("are told a hundred times at most", () => {
    expect(yamlDuplicateKeys("a: 1\n".repeat(10_000))).toHaveLength(100);
  });
});
