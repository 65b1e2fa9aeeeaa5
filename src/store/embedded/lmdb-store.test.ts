import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { silentLogger, systemClock } from "../../base/index.ts";
import { expectNothingLost, runWithFault } from "../testing/crash-run.test-support.ts";
import type { Store } from "../types.ts";
import { LmdbSnapshot } from "./lmdb-snapshot.ts";
import { openLmdbStore } from "./lmdb-store.ts";
import { LmdbTables } from "./lmdb-tables.ts";
import { encodeNumber } from "./record-codec.ts";

let dir: string;
const open: Store[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gantry-lmdb-"));
});
afterEach(async () => {
  for (const store of open.splice(0)) await store.close();
  rmSync(dir, { recursive: true });
});

async function openStore(): Promise<Store> {
  const store = await openLmdbStore({ dir, logger: silentLogger, keepHistoryMs: 0 });
  open.push(store);
  return store;
}

async function closeAll(): Promise<void> {
  for (const store of open.splice(0)) await store.close();
}

const put = (store: Store, key: string, value: string | Buffer, lease = 0) =>
  store.transact({ success: [{ type: "put", key, value: Buffer.from(value), ...(lease ? { lease } : {}) }] });

const dataFile = () => join(dir, "data.mdb");

describe("LMDB store", () => {
  it("is there again after a restart: keys, history, leases, compaction", async () => {
    let store = await openStore();
    const { id } = await store.grantLease(60);
    await put(store, "a", "1");
    await put(store, "leased", "1", id);
    await put(store, "a", "2");
    const { revision } = await store.transact({ success: [{ type: "delete", key: "a" }] });
    await put(store, "a", "3");
    await store.compact(revision - 1);
    const before = { status: await store.status(), range: await store.range("") };
    await closeAll();

    store = await openStore();
    expect({ status: await store.status(), range: await store.range("") }).toEqual(before);
    expect((await store.get("a", { revision: revision - 1 })).item?.version).toBe(2);
    await expect(store.get("a", { revision: revision - 2 })).rejects.toMatchObject({
      code: "Store.Compacted",
    });
    expect(await store.keepLeaseAlive(id)).toEqual({ ttlSeconds: 60 });
    await store.revokeLease(id);
    expect((await store.range("")).items.map((item) => item.key)).toEqual(["a"]);
    expect(await store.check()).toEqual([]);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
  });

  it("removes what compaction frees, in chunks, while others write", async () => {
    const store = await openStore();
    for (let n = 0; n < 30; n++) {
      await Promise.all(Array.from({ length: 50 }, (_, key) => put(store, `key/${key}`, `${n}`)));
    }
    const { revision } = await store.status();
    const writing = Promise.all(Array.from({ length: 20 }, (_, key) => put(store, `key/${key}`, "later")));
    await store.compact(revision);
    await writing;
    expect(await store.check()).toEqual([]);
    await closeAll();
    const tables = new LmdbTables(dir);
    expect(tables.history.getKeysCount({ start: Buffer.from([0]) })).toBe(70);
    await tables.root.close();
  });

  it("leaves no snapshot open when a list is read in part", async () => {
    const store = await openStore();
    for (let n = 0; n < 20; n++) await put(store, `key/${n}`, "1");
    for (let n = 0; n < 10; n += 2) await store.transact({ success: [{ type: "delete", key: `key/${n}` }] });
    await closeAll();
    const tables = new LmdbTables(dir);
    for (let n = 0; n < 30; n++) {
      for (const _ of new LmdbSnapshot(tables).heads("", { tombstones: true })) break;
      for (const _ of new LmdbSnapshot(tables).heads("", { tombstones: false })) break;
      for (const _ of new LmdbSnapshot(tables).history(0, 100)) break;
      await tables.meta.put("revision", encodeNumber(100 + n));
      await systemClock.sleep(1);
    }
    const readers = tables.root.readerList() as unknown as string;
    expect(readers.split("\n").filter((line) => line.trim().startsWith(String(process.pid)))).toHaveLength(1);
    await tables.root.close();
  });

  it("belongs to one process at a time", async () => {
    await openStore();
    await expect(openStore()).rejects.toMatchObject({ kind: "Unavailable", code: "Store.Locked" });
    await closeAll();
    await openStore();
  });

  it("refuses a newer format with an instruction, and leaves it as it is", async () => {
    await openStore();
    await closeAll();
    const tables = new LmdbTables(dir);
    await tables.meta.put("format", encodeNumber(2));
    await tables.root.close();
    await expect(openStore()).rejects.toMatchObject({
      code: "Store.NewerFormat",
      hint: expect.stringContaining("newer version"),
    });
    await expect(openStore()).rejects.toMatchObject({ code: "Store.NewerFormat" });
  });

  it("takes a data file that is gone or empty for a loss, unless the store was never written", async () => {
    writeFileSync(dataFile(), "");
    await put(await openStore(), "a", Buffer.from("1"));
    await closeAll();
    for (const lose of [() => writeFileSync(dataFile(), ""), () => rmSync(dataFile())]) {
      lose();
      const before = readdirSync(dir).sort();
      await expect(openStore()).rejects.toMatchObject({
        kind: "DataLoss",
        code: "Store.Corrupt",
        message: expect.stringMatching(
          / is (gone|empty), though the store was written before; .* remove \S+$/,
        ),
      });
      expect(readdirSync(dir).sort()).toEqual(before);
    }
    rmSync(dir, { recursive: true });
    expect((await (await openStore()).range("")).count).toBe(0);
  });

  it("refuses a file that is none of its own, or cut short", async () => {
    writeFileSync(dataFile(), "This is no store.".repeat(1000));
    await expect(openStore()).rejects.toMatchObject({ kind: "DataLoss", code: "Store.Corrupt" });
    rmSync(dir, { recursive: true });

    const store = await openStore();
    for (let n = 0; n < 100; n++) await put(store, `key/${n}`, Buffer.alloc(10_000, "x"));
    await closeAll();
    const fd = openSync(dataFile(), "r+");
    ftruncateSync(fd, statSync(dataFile()).size / 2);
    closeSync(fd);
    await expect(openStore()).rejects.toMatchObject({
      code: "Store.Corrupt",
      message: expect.stringContaining("cut short"),
    });
  });

  it.each([100, 10_000])(
    "finds a flipped bit in a value of %d bytes, and never serves it",
    async (sizeBytes) => {
      let store = await openStore();
      await put(store, "a", Buffer.alloc(sizeBytes, "MARKER"));
      await put(store, "b", "intact");
      await closeAll();
      const bytes = readFileSync(dataFile());
      // Copies of the page from before are still in the file.
      for (
        let at = bytes.indexOf("MARKERMARKER");
        at >= 0;
        at = bytes.indexOf("MARKERMARKER", at + sizeBytes)
      ) {
        bytes[at + 50]! ^= 4;
      }
      writeFileSync(dataFile(), bytes);

      store = await openStore();
      await expect(store.get("a")).rejects.toMatchObject({
        kind: "DataLoss",
        code: "Store.Corrupt",
        details: { key: "a" },
      });
      await expect(store.range("")).rejects.toMatchObject({ code: "Store.Corrupt" });
      expect((await store.get("b")).item).toBeDefined();
      expect(await store.check()).toMatchObject([
        { code: "Check.Damaged", key: "a", revision: 2 },
        { key: "a" },
      ]);
    },
  );

  it("finds nothing wrong while others write, delete and compact", async () => {
    const store = await openStore();
    await Promise.all(Array.from({ length: 3000 }, (_, n) => put(store, `key/${n}`, "1")));
    let ended = false;
    const writing = (async () => {
      for (let n = 0; !ended; n++) {
        const key = `key/${(n * 7) % 3500}`;
        const { revision } = await store.transact({ success: [{ type: "delete", key }] });
        if (n % 3 > 0) await put(store, key, "2");
        if (n % 10 === 0) await store.compact(revision).catch(() => {});
      }
    })();
    for (let n = 0; n < 4; n++) expect(await store.check()).toEqual([]);
    ended = true;
    await writing;
  });

  it("says that it will go on where LMDB serves no reads until it is opened anew", async () => {
    const store = await openStore();
    await put(store, "a", "1");
    const watch = store.watch({ key: "a", startRevision: 2 })[Symbol.asyncIterator]();
    const broken = vi.spyOn(LmdbTables.prototype, "readNumber").mockImplementation(() => {
      throw new Error("MDB_PANIC: Update of meta page failed or environment had fatal error");
    });
    const unavailable = { kind: "Unavailable", code: "Store.Unavailable" };
    await expect(store.get("a")).rejects.toMatchObject(unavailable);
    await expect(store.range("")).rejects.toMatchObject(unavailable);
    await expect(put(store, "a", "2")).rejects.toMatchObject(unavailable);
    await expect(watch.next()).rejects.toMatchObject(unavailable);
    broken.mockRestore();
    expect((await store.get("a")).item).toMatchObject({ version: 1 });
    expect(await put(store, "a", "2")).toMatchObject({ revision: 3 });
  });

  it("finds entries that do not fit together", async () => {
    let store = await openStore();
    await put(store, "a", "1");
    await put(store, "a", "2");
    await put(store, "b", "1");
    await closeAll();
    const tables = new LmdbTables(dir);
    await tables.history.remove({ number: 2, key: "a" });
    await tables.keys.remove("b");
    await tables.root.close();
    store = await openStore();
    expect((await store.check()).map((problem) => `${problem.code} ${problem.key}`)).toEqual([
      "Check.MissingRevision undefined",
      "Check.BrokenChain a",
      "Check.Orphan b",
    ]);
  });
});

describe("LMDB store under faults", () => {
  it.each([
    ["fdatasync", 1],
    ["fdatasync", 2],
    ["fdatasync", 9],
    ["pwrite64", 3],
    ["pwrite64", 11],
    ["pwrite64", 37],
    ["pwrite64", 52],
  ])("loses no acknowledged write when killed at %s number %d", async (call, n) => {
    const run = await runWithFault({
      dir,
      fault: `${call}:signal=SIGKILL:when=${n}`,
      args: ["--writes", "30", "--compact", "--bytes", "3000"],
    });
    expect(run.lines.at(-1)).not.toBe("closed");
    await expectNothingLost(await openStore(), run);
  });

  it("takes no more writes after a failed sync, and is whole after a restart", async () => {
    const run = await runWithFault({ dir, fault: "fdatasync:error=EIO:when=5", args: ["--writes", "10"] });
    expect(run.errors.length).toBeGreaterThan(0);
    expect(new Set(run.errors.map((line) => line.split(" ")[3]))).toEqual(new Set(["Store.ReadOnly"]));
    expect(run.lines).toContain("end []");
    const store = await openStore();
    await expectNothingLost(store, run);
    await put(store, "a", "writes again");
  });

  it("takes no more writes when its first page cannot be written, and can still be read", async () => {
    const run = await runWithFault({
      dir,
      fault: "pwrite64:error=EIO:when=12",
      args: ["--writes", "10", "--clients", "2"],
    });
    expect(run.errors.at(-1)).toMatch(/Store.ReadOnly$/);
    expect(run.lines).toContain("end []");
    await expectNothingLost(await openStore(), run);
  });

  it("goes on by itself when a full disk has room again", async () => {
    const run = await runWithFault({
      dir,
      fault: "fdatasync:error=ENOSPC:when=5..7",
      args: ["--writes", "12"],
    });
    expect(new Set(run.errors.map((line) => line.split(" ")[3]))).toEqual(new Set(["Store.NoSpace"]));
    for (const [, last] of run.acked) expect(last.n).toBe(12);
    expect(run.lines).toContain("end []");
    await expectNothingLost(await openStore(), run);
  });
});
