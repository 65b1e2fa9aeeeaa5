import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { DAMAGED, UNREADABLE } from "../base/record-faults.test-support.ts";
import { processIdentity } from "../kernel/index.ts";
import { homeLayout, lockHome } from "./home.ts";
import { loadInstance } from "./instance.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "gantry-instance-"));
});
afterEach(() => rmSync(home, { recursive: true }));

const load = ({ store, apiPort }: { store?: string; apiPort?: number }) =>
  loadInstance({
    home,
    apiPort,
    store,
    registryPort: undefined,
    nodeName: undefined,
    components: [],
    logLevel: "info",
  });

it("keeps what an instance decided at its first start, but for the ports that a start names", () => {
  const first = load({});
  expect(first).toMatchObject({ store: "embedded", apiPort: 6443 });
  expect(load({ apiPort: 7443 })).toEqual({ ...first, apiPort: 7443 });
  expect(load({})).toEqual({ ...first, apiPort: 7443 });
});

it("does not leave the declared state behind, and follows a cluster whose members change", () => {
  load({ store: "etcd://127.0.0.1:1/a/" });
  const elsewhere = { code: "Platform.StoreElsewhere" };
  for (const store of ["embedded", "etcd://127.0.0.1:1/b/", "etcd://127.0.0.1:1"])
    expect(() => load({ store })).toThrow(expect.objectContaining(elsewhere));
  expect(load({}).store).toBe("etcd://127.0.0.1:1/a/");
  expect(load({ store: "etcd://user:secret@127.0.0.1:2,127.0.0.1:3/a" }).store).toContain(":3/a");
});

it.each(UNREADABLE)("does not take a configuration that cannot be read for none ($name)", ({ strike }) => {
  const first = load({});
  const heal = strike(join(home, "config.yaml"));
  expect(() => load({})).toThrow(/^read .*config\.yaml: /);
  heal();
  expect(load({})).toEqual(first);
});

it.each(DAMAGED)("refuses a damaged configuration ($name)", ({ strike }) => {
  load({});
  strike(join(home, "config.yaml"));
  expect(() => load({})).toThrow(/config\.yaml/);
});

it.each(UNREADABLE)("does not take over a lock that cannot be read ($name)", async ({ strike }) => {
  const layout = homeLayout(home);
  mkdirSync(layout.run);
  const unlock = await lockHome(layout);
  const heal = strike(join(layout.run, "lock"));
  await expect(lockHome(layout)).rejects.toMatchObject({ code: "Record.Unreadable" });
  heal();
  await expect(lockHome(layout)).rejects.toMatchObject({ code: "Platform.AlreadyRunning" });
  unlock();
});

it("takes over a lock that was left by a killed program, or torn, but not one that is just being written", async () => {
  const layout = homeLayout(home);
  mkdirSync(layout.run);
  const lock = join(layout.run, "lock");
  for (const left of ['{"pid":1,"startTime":1}', '{"pid":', ""]) {
    writeFileSync(lock, left);
    (await lockHome(layout))();
  }
  writeFileSync(lock, "");
  const second = lockHome(layout);
  const { startTime } = processIdentity(process.pid)!;
  writeFileSync(lock, JSON.stringify({ pid: process.pid, startTime }));
  await expect(second).rejects.toMatchObject({ code: "Platform.AlreadyRunning" });
});
