import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { API_SERVER_FLAGS } from "./flag-table.ts";

const DOC = readFileSync(new URL("../../../../docs/kube-apiserver-flags.md", import.meta.url), "utf8");

describe("the list of flags that are not taken", () => {
  const firstCells = DOC.split("\n").flatMap((line) => /^\| (`--.*?) \|/.exec(line)?.[1] ?? []);
  const refused = firstCells.flatMap((cell) =>
    [...cell.matchAll(/`--([a-z0-9-]+)`/g)].map(([, name]) => name!),
  );

  it("has each once, and none that is taken", () => {
    expect(refused.length).toBeGreaterThan(70);
    expect(refused.filter((name, at) => refused.indexOf(name) < at)).toEqual([]);
    expect(refused.filter((name) => API_SERVER_FLAGS.has(name))).toEqual([]);
  });

  it("stands beside a table that has each of its own once", () => {
    const names = API_SERVER_FLAGS.sections.flatMap(({ flags }) => flags.map(({ name }) => name));
    expect(new Set(names).size).toBe(names.length);
  });
});
