import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../base/index.ts";
import { openLmdbStore } from "./lmdb-store.ts";
import { openMemoryStore } from "./memory-store.ts";
import { restoreSnapshot } from "./store-snapshot.ts";
import type { Store } from "./types.ts";

let work: string;
beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), "gantry-snapshot-"));
});
afterEach(() => rm(work, { recursive: true }));

const openStore = (dir: string) =>
  openLmdbStore({ dir: join(work, dir), logger: silentLogger, keepHistoryMs: 0 });
const put = async (store: Store, key: string, value: string) =>
  (await store.transact({ success: [{ type: "put", key, value: Buffer.from(value) }] })).revision;

describe("snapshots", () => {
  it("hold the state and its history, taken while others write", async () => {
    const store = await openStore("a");
    for (let n = 0; n < 500; n++) await put(store, `k/${n % 50}`, `${n} ${"x".repeat(1000)}`);
    let stopped = false;
    const writing = (async () => {
      while (!stopped) await put(store, "busy", "1");
    })();
    const file = join(work, "snapshot");
    const info = await store.snapshot!(file);
    stopped = true;
    await writing;
    const before = await store.range("k/");
    await store.close();

    await restoreSnapshot(file, join(work, "b"), 0);
    const restored = await openStore("b");
    expect(await restored.check()).toEqual([]);
    expect((await restored.status()).revision).toBeGreaterThanOrEqual(info.revision);
    expect((await restored.range("k/")).items).toEqual(before.items);
    expect((await restored.get("k/0", { revision: 2 })).item).toMatchObject({ version: 1 });
    const { revision } = await restored.status();
    expect(await put(restored, "k/0", "new")).toBe(revision + 1);
    await restored.close();
    expect((await readdir(work)).sort()).toEqual(["a", "b", "snapshot"]);
  });

  it("keep what they replace, and replace nothing that is in use", async () => {
    const store = await openStore("a");
    await put(store, "a", "1");
    const file = join(work, "snapshot");
    await store.snapshot!(file);
    await expect(store.snapshot!(file)).rejects.toMatchObject({
      kind: "AlreadyExists",
      code: "Store.SnapshotExists",
    });
    await expect(restoreSnapshot(file, join(work, "a"), 0)).rejects.toMatchObject({ code: "Store.Locked" });
    await put(store, "a", "2");
    await store.close();
    const { movedTo } = await restoreSnapshot(file, join(work, "a"), 0);
    expect(movedTo).toBe(join(work, "a", "data-before-restore-1970-01-01T00-00-00-000Z.mdb"));
    const restored = await openStore("a");
    expect((await restored.get("a")).item).toMatchObject({ version: 1 });
    await restored.close();
  });

  it("are refused when damaged, cut short, or something else", async () => {
    const store = await openStore("a");
    await put(store, "a", "1");
    const file = join(work, "snapshot");
    await store.snapshot!(file);
    await store.close();
    const bytes = await readFile(file);
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(join(work, "damaged"), bytes);
    await writeFile(join(work, "other"), "something else");
    await truncate(file, bytes.length - 1);
    const restore = (name: string) => restoreSnapshot(join(work, name), join(work, "b"), 0);
    await expect(restore("damaged")).rejects.toMatchObject({
      kind: "DataLoss",
      code: "Store.DamagedSnapshot",
    });
    for (const name of ["other", "snapshot", "absent"]) {
      await expect(restore(name)).rejects.toMatchObject({ code: "Store.NoSnapshot" });
    }
    expect(await readdir(work)).not.toContain("b");
  });

  it("cannot be made of a store in memory", async () => {
    const store = await openMemoryStore({ logger: silentLogger });
    await expect(store.snapshot!(join(work, "x"))).rejects.toMatchObject({ kind: "NotImplemented" });
    await store.close();
  });
});
