import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../base/index.ts";
import { DAMAGED, UNREADABLE } from "../base/record-faults.test-support.ts";
import { StateFiles } from "./state-files.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gantry-state-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const open = (durable: boolean) => new StateFiles<{ id: string }>(dir, { durable, logger: silentLogger });

describe.each([true, false])("records (durable: %s)", (durable) => {
  beforeEach(() => {
    for (const id of ["a", "b"]) open(durable).save(id, { id });
  });

  it.each(UNREADABLE)("that cannot be read ($name) end the start, and stay as they are", ({ strike }) => {
    const heal = strike(join(dir, "a.json"));
    expect(() => open(durable).load()).toThrow(/^read .*: (input\/output error|too many open files)$/);
    heal();
    expect(open(durable).load()).toEqual([{ id: "a" }, { id: "b" }]);
  });

  it.each(DAMAGED)("that are damaged ($name) do not keep others from being read", ({ strike }) => {
    strike(join(dir, "a.json"));
    const torn = readFileSync(join(dir, "a.json"), "utf8");
    expect(open(durable).load()).toEqual([{ id: "b" }]);
    expect(open(durable).load()).toEqual([{ id: "b" }]);
    // What was declared is kept for whoever can make sense of it.
    expect(readdirSync(dir).sort()).toEqual(durable ? ["a.json.damaged", "b.json"] : ["b.json"]);
    if (durable) expect(readFileSync(join(dir, "a.json.damaged"), "utf8")).toBe(torn);
  });
});
