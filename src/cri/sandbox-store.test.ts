import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { silentLogger } from "../base/index.ts";
import { DAMAGED, UNREADABLE } from "../base/record-faults.test-support.ts";
import { type SandboxRecord, SandboxStore } from "./sandbox-store.ts";

let dir: string;
const record = { id: "s1", config: {}, state: "ready", createdAtMs: 1, ip: "", namespaces: {} };
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "gantry-sandboxes-"));
  await (await open()).save(record as unknown as SandboxRecord);
});
afterEach(() => rmSync(dir, { recursive: true }));

async function open(): Promise<SandboxStore> {
  const store = new SandboxStore(dir, silentLogger);
  await store.open();
  return store;
}

it.each(UNREADABLE)("leaves a sandbox alone whose record cannot be read ($name)", async ({ strike }) => {
  const heal = strike(join(dir, "s1", "sandbox.json"));
  const store = await open();
  expect([[...store.list()], [...store.leftAlone]]).toEqual([[], ["s1"]]);
  heal();
  expect([...(await open()).list()]).toEqual([record]);
});

it.each(DAMAGED)("drops a sandbox whose record is damaged ($name)", async ({ strike }) => {
  strike(join(dir, "s1", "sandbox.json"));
  expect([...(await open()).list()]).toEqual([]);
  expect(existsSync(join(dir, "s1"))).toBe(false);
});
