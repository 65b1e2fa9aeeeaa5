import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readRecord, readRecordSync } from "./index.ts";
import { DAMAGED, UNREADABLE } from "./record-faults.test-support.ts";

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gantry-record-"));
  path = join(dir, "record.json");
  writeFileSync(path, '{"a":1}');
});
afterEach(() => rmSync(dir, { recursive: true }));

const both = async (at = path) => [await readRecord(at), readRecordSync(at)];

describe("a record", () => {
  it("is there, or absent", async () => {
    for (const file of await both()) expect(file).toEqual({ state: "present", record: { a: 1 } });
    for (const file of await both(join(dir, "none"))) expect(file).toEqual({ state: "absent" });
    for (const file of await both(join(path, "none"))) expect(file).toEqual({ state: "absent" });
  });

  it.each(UNREADABLE)("is unreadable with $name, which is told in words", async ({ strike }) => {
    const heal = strike(path);
    for (const file of await both()) {
      expect(file).toMatchObject({ state: "unreadable", error: { code: "Record.Unreadable" } });
      const { message, hint } = (file as { error: { message: string; hint: string } }).error;
      expect(message).toMatch(/^read .*record\.json: (input\/output error|too many open files)$/);
      expect(hint).toBeTruthy();
    }
    heal();
    expect(readFileSync(path, "utf8")).toBe('{"a":1}');
  });

  it.each(DAMAGED)("is damaged: $name", async ({ strike }) => {
    strike(path);
    for (const file of await both())
      expect(file).toMatchObject({ state: "damaged", error: { kind: "DataLoss" } });
  });
});
