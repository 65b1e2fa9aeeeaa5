import { mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../base/index.ts";
import { checkPages } from "./lmdb-page-check.ts";
import { openLmdbStore } from "./lmdb-store.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "gantry-pages-"));
  const store = await openLmdbStore({ dir, logger: silentLogger, keepHistoryMs: 0 });
  for (let n = 0; n < 300; n++) {
    const value = Buffer.alloc(n % 20 === 0 ? 30_000 : 700, String(n));
    await store.transact({ success: [{ type: "put", key: `k/${n % 100}`, value }] });
  }
  await store.compact(100);
  await store.close();
});
afterEach(() => rm(dir, { recursive: true }));

const file = () => join(dir, "data.mdb");

async function damage(offset: number, bytes: Buffer): Promise<void> {
  const handle = await open(file(), "r+");
  await handle.write(bytes, 0, bytes.length, offset);
  await handle.close();
}

describe("the check of LMDB's pages", () => {
  it("finds nothing in a sound file", async () => {
    expect(await checkPages(file(), { onlyInner: false })).toEqual([]);
    expect(await checkPages(file(), { onlyInner: true })).toEqual([]);
  });

  it("names a page that cannot be right, and so does the store", async () => {
    let damaged = 0;
    const handle = await open(file());
    const { size } = await handle.stat();
    await handle.close();
    for (let page = 2; page < size / 4096 && damaged === 0; page++) {
      const header = Buffer.alloc(24);
      const reading = await open(file());
      await reading.read(header, 0, 24, page * 4096);
      await reading.close();
      await damage(page * 4096, Buffer.alloc(24));
      const problems = await checkPages(file(), { onlyInner: false });
      // Free pages may hold anything.
      if (problems.length === 0) await damage(page * 4096, header);
      else damaged = page;
      for (const problem of problems) expect(problem).toMatchObject({ page, offset: page * 4096 });
    }
    expect(damaged).toBeGreaterThan(0);
    await expect(openLmdbStore({ dir, logger: silentLogger })).rejects.toMatchObject({
      kind: "DataLoss",
      code: "Store.Corrupt",
      message: expect.stringContaining(`page ${damaged} (byte ${damaged * 4096})`),
    });
  });

  it("does not take a store whose tables cannot be found for a new one", async () => {
    const intact = await readFile(file());
    const refuses = (message: string) =>
      expect(openLmdbStore({ dir, logger: silentLogger })).rejects.toMatchObject({
        code: "Store.Corrupt",
        message: expect.stringContaining(message),
      });
    // The end of the page that names the tables, where the entries are.
    const page = mainRoot(intact);
    await damage((page + 1) * 4096 - 512, Buffer.alloc(512));
    await refuses(`page ${page}`);

    const renamed = Buffer.from(intact);
    for (let at = renamed.indexOf("tombstones"); at >= 0; at = renamed.indexOf("tombstones", at))
      renamed[at] = "T".charCodeAt(0);
    await writeFile(file(), renamed);
    await refuses("tombstones");

    await writeFile(file(), intact);
    const store = await openLmdbStore({ dir, logger: silentLogger, keepHistoryMs: 0 });
    expect((await store.range("")).count).toBe(100);
    await store.close();
  });
});

describe("the check of LMDB's first pages", () => {
  it("does not go back to an older commit for a damaged number", async () => {
    const intact = await readFile(file());
    for (const at of [152, 153, 4096 + 152, 4096 + 159]) {
      for (let bit = 0; bit < 8; bit++) {
        // This one may look like a commit whose last write failed.
        if (bit === 1 && at % 4096 === 152) continue;
        await damage(at, Buffer.from([intact[at]! ^ (1 << bit)]));
        await expect(openLmdbStore({ dir, logger: silentLogger })).rejects.toMatchObject({
          code: "Store.Corrupt",
        });
      }
      await damage(at, intact.subarray(at, at + 1));
    }
  });
});

/** As the newer of the two meta pages says. */
function mainRoot(bytes: Buffer): number {
  const [first, second] = [0, 4096].map((at) => ({
    transaction: bytes.readBigUInt64LE(at + 152),
    root: Number(bytes.readBigUInt64LE(at + 136)),
  }));
  return second!.transaction > first!.transaction ? second!.root : first!.root;
}
