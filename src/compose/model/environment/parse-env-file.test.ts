// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the templates
import { describe, expect, it } from "vitest";
import { parseEnvFile, parseRawEnvFile } from "./parse-env-file.ts";

const read = (text: string, known: Record<string, string> = {}) => {
  const variables = new Map<string, string>();
  parseEnvFile(text, variables, (name) => known[name]);
  return Object.fromEntries(variables);
};

describe("a file of variables", () => {
  it.each<[string, Record<string, string>]>([
    ["A=1\n\n# no\nB = 2 \n", { A: "1", B: "2" }],
    ["export A=1\nexport\tB=2", { A: "1", B: "2" }],
    ["A: yaml", { A: "yaml" }],
    ["A=x # comment\nB=x#y", { A: "x", B: "x#y" }],
    [`A="x # y"\nB='a $A b'\nC="a $A b"`, { A: "x # y", B: "a $A b", C: "a x # y b" }],
    [`A="one\ntwo"\nB=3`, { A: "one\ntwo", B: "3" }],
    [`A="t\\tn\\nq\\"d\\$X"`, { A: 't\tn\nq"d$X' }],
    ["A='it\\'s'", { A: "it's" }],
    ["A=\nB=''\nC=\"\"", { A: "", B: "", C: "" }],
    ["\uFEFFA=1\r\nB=2\r\n", { A: "1", B: "2" }],
    ["A=${B:-d}\nC=${A}", { A: "d", C: "d" }],
    ["KNOWN\nUNKNOWN\nA=1", { KNOWN: "k", A: "1" }],
    ["A=1\nA=2", { A: "2" }],
  ])("%j", (text, expected) => expect(read(text, { KNOWN: "k" })).toEqual(expected));

  it("lets what is known already win where a variable is asked for", () => {
    expect(read("A=file\nB=$A", { A: "shell" })).toEqual({ A: "file", B: "shell" });
  });

  it.each([
    ["a b=c", "line 1: key cannot contain a space"],
    ["OK=1\nA!=c", 'line 2: unexpected character "!" in variable name "A!=c"'],
    ['A="c', 'unterminated quoted value "c'],
  ])("%j is refused", (text, message) => expect(() => read(text)).toThrow(message));

  it("of the format raw has its values as they stand", () => {
    const variables = new Map<string, string>();
    parseRawEnvFile(`# c\nA="quoted $B" # d\n C=1\nKNOWN\n`, variables, (name) =>
      name === "KNOWN" ? "k" : undefined,
    );
    expect(Object.fromEntries(variables)).toEqual({ A: '"quoted $B" # d', C: "1", KNOWN: "k" });
  });
});
