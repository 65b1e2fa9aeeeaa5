import { copyFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../base/index.ts";
import { openLmdbStore } from "../embedded/lmdb-store.ts";
import { LmdbTables } from "../embedded/lmdb-tables.ts";
import { openMemoryStore } from "../embedded/memory-store.ts";
import { encodeNumber } from "../embedded/record-codec.ts";
import type { Store } from "../types.ts";
import { restoreSnapshot } from "./restore-snapshot.ts";
import { sealSnapshot } from "./snapshot-file.ts";

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

  it("come back with revisions that nobody has seen, so that watchers list anew", async () => {
    const store = await openStore("a");
    const old = await put(store, "a", "1");
    const file = join(work, "snapshot");
    await store.snapshot!(file);
    const later = await put(store, "a", "2");
    await store.close();

    let known = later;
    for (const nowMs of [0, 0, 2_000_000_000_000]) {
      const { revision } = await restoreSnapshot(file, join(work, "a"), nowMs, { raiseRevision: true });
      expect(revision).toBeGreaterThanOrEqual(known + 1_000_000_000);
      expect(revision).toBeGreaterThanOrEqual(nowMs);
      const restored = await openStore("a");
      expect(await restored.status()).toMatchObject({ revision, compactRevision: revision, keyCount: 1 });
      for (const startRevision of [old, later + 1, known + 1, revision]) {
        const watch = restored.watch({ key: "a", startRevision })[Symbol.asyncIterator]();
        await expect(watch.next()).rejects.toMatchObject({ code: "Store.Compacted" });
      }
      expect((await restored.get("a")).item).toMatchObject({ modRevision: old, version: 1 });
      expect(await put(restored, "a", "3")).toBe(revision + 1);
      expect(await restored.check()).toEqual([]);
      await restored.close();
      known = revision + 1;
      await rm(join(work, "a", "data-before-restore-1970-01-01T00-00-00-000Z.mdb"), { force: true });
    }
  });

  it("are refused when of a newer format, or when what is in them does not fit together", async () => {
    const store = await openStore("a");
    await put(store, "a", "1");
    await store.close();
    const restoreWith = async (change: (tables: LmdbTables) => Promise<unknown>) => {
      const dir = await mkdtemp(join(work, "changed-"));
      const file = join(dir, "data.mdb");
      await copyFile(join(work, "a", "data.mdb"), file);
      const tables = new LmdbTables(dir);
      await change(tables);
      await tables.root.close();
      await sealSnapshot(file);
      return restoreSnapshot(file, join(work, "a"), 0);
    };
    await expect(restoreWith((tables) => tables.meta.put("format", encodeNumber(2)))).rejects.toMatchObject({
      code: "Store.NewerFormat",
    });
    await expect(restoreWith((tables) => tables.keys.remove("a"))).rejects.toMatchObject({
      code: "Store.DamagedSnapshot",
    });
    const untouched = await openStore("a");
    expect((await untouched.range("")).count).toBe(1);
    await untouched.close();
    expect((await readdir(join(work, "a"))).sort()).toEqual(["data.mdb", "lock", "lock.mdb", "written"]);
  });

  it("name a directory that is there, and leave no half of themselves", async () => {
    const store = await openStore("a");
    await expect(store.snapshot!(join(work, "absent", "snapshot"))).rejects.toMatchObject({
      kind: "NotFound",
      code: "Store.NoDirectory",
    });
    await store.close();
    expect(await readdir(work)).toEqual(["a"]);
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
