import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { LINT_RULES } from "./lint/rules.ts";

const table = readFileSync(new URL("../../../../docs/dockerfile.md", import.meta.url), "utf8");
const parsers = readFileSync(new URL("../../../formats/dockerfile/instruction.ts", import.meta.url), "utf8");

describe("docs/dockerfile.md", () => {
  it("has every instruction", () => {
    const names = [...parsers.matchAll(/^ {2}([A-Z]+): \(/gm)].map(([, name]) => name!);
    expect(names).toHaveLength(18);
    for (const name of names) expect(table).toContain(`\`${name}\``);
  });

  it("has every flag", () => {
    const flags = [...parsers.matchAll(/^ {6}"?([a-z-]+)"?: "(?:string|list|boolean)"/gm)].map(
      ([, flag]) => flag!,
    );
    expect(flags).toContain("keep-git-dir");
    for (const flag of flags) expect(table).toContain(`--${flag}`);
  });

  it("has every check", () => {
    for (const rule of Object.keys(LINT_RULES)) expect(table).toContain(`\`${rule}\``);
  });
});
