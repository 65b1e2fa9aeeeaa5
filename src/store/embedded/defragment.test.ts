import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../base/index.ts";
import { expectNothingLost, runWithFault } from "../testing/crash-run.test-support.ts";
import type { Store } from "../types.ts";
import { openLmdbStore } from "./lmdb-store.ts";
import { openMemoryStore } from "./memory-store.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "gantry-defragment-"));
});
afterEach(() => rm(dir, { recursive: true }));

const openStore = () => openLmdbStore({ dir, logger: silentLogger, keepHistoryMs: 0 });
const put = (store: Store, key: string, value: string) =>
  store.transact({ success: [{ type: "put", key, value: Buffer.from(value) }] });
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
const files = async () => (await readdir(dir)).sort();

/** Many versions of few keys, compacted: most of the file is free. */
async function fill(store: Store): Promise<void> {
  for (let n = 0; n < 20; n++) {
    await Promise.all(
      Array.from({ length: 200 }, (_, key) => put(store, `key/${key}`, `${n} ${"x".repeat(1000)}`)),
    );
  }
  await store.compact((await store.status()).revision);
}

describe("defragmenting", () => {
  it("makes the file smaller while others write, read and watch, and loses nothing", async () => {
    let store = await openStore();
    await fill(store);
    const { id } = await store.grantLease(100);
    await store.transact({ success: [{ type: "put", key: "leased", value: Buffer.from("1"), lease: id }] });
    const before = await store.status();
    let ended = false;
    const written = new Map<string, number>();
    const writers = Array.from({ length: 4 }, async (_, client) => {
      for (let n = 0; !ended; n++)
        written.set(`busy/${client}`, (await put(store, `busy/${client}`, `${n}`)).revision);
    });
    const reader = (async () => {
      let reads = 0;
      for (; !ended; reads++) {
        expect((await store.range("key/", { limit: 700 })).items).toHaveLength(200);
        expect((await store.get("leased")).item?.lease).toBe(id);
        await nextTurn();
      }
      return reads;
    })();
    const watching = new AbortController();
    const seen: number[] = [];
    const watcher = (async () => {
      const startRevision = before.revision + 1;
      const options = { key: "busy/", prefix: true, startRevision, signal: watching.signal };
      for await (const batch of store.watch(options)) seen.push(batch.revision);
    })();
    for (let n = 0; n < 5; n++) await store.defragment!();
    ended = true;
    await Promise.all(writers);
    const after = await store.status();
    expect(await reader).toBeGreaterThan(0);
    expect(after.sizeBytes).toBeLessThan(before.sizeBytes / 2);
    expect(after.revision).toBeGreaterThan(before.revision);
    while (seen.at(-1) !== after.revision) await nextTurn();
    watching.abort();
    await watcher;
    // Every revision since then was one of the writers'.
    expect(seen).toEqual(Array.from({ length: seen.length }, (_, index) => before.revision + 1 + index));
    expect(await store.check()).toEqual([]);
    await store.close();
    expect(await files()).toEqual(["data.mdb", "lock", "lock.mdb", "written"]);

    store = await openStore();
    expect((await store.status()).revision).toBe(after.revision);
    for (const [key, revision] of written) expect((await store.get(key)).item?.modRevision).toBe(revision);
    expect(await store.keepLeaseAlive(id)).toEqual({ ttlSeconds: 100 });
    expect(await store.check()).toEqual([]);
    await store.close();
  });

  it("waits for a compaction, a check and a snapshot, and they for it", async () => {
    const store = await openStore();
    await fill(store);
    await put(store, "a", "1");
    const all = await Promise.all([
      store.check(),
      store.defragment!(),
      store.snapshot!(join(dir, "snapshot")),
      store.compact((await store.status()).revision),
      store.defragment!(),
      store.check(),
    ]);
    expect([all[0], all[5]]).toEqual([[], []]);
    await store.close();
  });

  it("ends when the store is closed meanwhile", async () => {
    const store = await openStore();
    await fill(store);
    const maintenance = [store.check(), store.defragment!(), store.defragment!()];
    const results = Promise.allSettled([...maintenance, put(store, "a", "1")]);
    await store.close();
    for (const result of await results) {
      if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "Store.Closed" });
    }
    const again = await openStore();
    expect((await again.range("key/")).items).toHaveLength(200);
    await again.close();
  });

  it("is nothing for a store in memory", async () => {
    const store = await openMemoryStore({ logger: silentLogger });
    await expect(store.defragment!()).rejects.toMatchObject({ kind: "NotImplemented" });
    await store.close();
  });
});

describe("defragmenting under faults", () => {
  const args = ["--writes", "40", "--compact", "--defragment", "--bytes", "3000"];
  const copy = () => join(dir, "tmp-defragment", "data.mdb");

  it.each([
    ["write", 1],
    ["fsync", 1],
    ["fsync", 2],
  ])("loses nothing when killed at %s number %d of the copy", async (call, n) => {
    const run = await runWithFault({ dir, fault: `${call}:signal=SIGKILL:when=${n}`, path: copy(), args });
    expect(run.lines.at(-1)).not.toBe("closed");
    const store = await openStore();
    await expectNothingLost(store, run);
    expect(await files()).toEqual(["data.mdb", "lock", "lock.mdb", "written"]);
    await put(store, "a", "writes again");
    await store.close();
  });

  it.each([1, 2, 3, 4, 5])("loses nothing when killed at rename number %d", async (n) => {
    const run = await runWithFault({ dir, fault: `rename:signal=SIGKILL:when=${n}`, args });
    expect(run.lines.at(-1)).not.toBe("closed");
    const store = await openStore();
    await expectNothingLost(store, run);
    expect(await files()).toEqual(["data.mdb", "lock", "lock.mdb", "written"]);
    await store.close();
  });

  it("leaves everything as it was on a full disk", async () => {
    const run = await runWithFault({ dir, fault: "write:error=ENOSPC", path: copy(), args });
    expect(run.lines).toContain("not defragmented Store.NoSpace");
    expect(run.lines).not.toContain("defragmented");
    expect(run.errors).toEqual([]);
    for (const [, last] of run.acked) expect(last.n).toBe(40);
    expect(run.lines.slice(-2)).toEqual(["end []", "closed"]);
    const store = await openStore();
    await expectNothingLost(store, run);
    await store.close();
  });

  it("takes no more writes when a crash could bring the old file back", async () => {
    const run = await runWithFault({ dir, fault: "fsync:error=EIO:when=2", path: dir, args });
    expect(run.lines).toContain("not defragmented Store.ReadOnly");
    expect(new Set(run.errors.map((line) => line.split(" ")[3]))).toEqual(new Set(["Store.ReadOnly"]));
    expect(run.lines).toContain("end []");
    const store = await openStore();
    await expectNothingLost(store, run);
    await put(store, "a", "writes again");
    await store.close();
  });

  it("leaves everything as it was when the copy cannot take its place", async () => {
    const run = await runWithFault({
      dir,
      fault: "rename:error=EIO:when=2",
      args: ["--writes", "10", "--defragment"],
    });
    expect(run.lines).toContain("not defragmented Store.MaintenanceFailed");
    expect(run.lines).toContain("defragmented");
    expect(run.errors).toEqual([]);
    expect(run.lines).toContain("end []");
    const store = await openStore();
    await expectNothingLost(store, run);
    expect((await stat(join(dir, "data.mdb"))).size).toBeGreaterThan(0);
    await store.close();
  });
});
