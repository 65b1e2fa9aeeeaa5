import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../src/base/index.ts";
import { LmdbTables } from "../../src/store/embedded/lmdb-tables.ts";
import { encodeNumber } from "../../src/store/embedded/record-codec.ts";
import { openLmdbStore } from "../../src/store/index.ts";
import { readContent } from "./golden/content.ts";

const GOLDEN = join(import.meta.dirname, "golden");
const formats = readdirSync(GOLDEN).filter((name) => name.startsWith("format-"));
const newest = formats.at(-1)!;
const NOTE = Buffer.from("kept for a version to come");

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gantry-golden-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const dataFile = () => join(dir, "data.mdb");
const openStore = () => openLmdbStore({ dir, logger: silentLogger, keepHistoryMs: 0 });
const unpack = (format: string) =>
  writeFileSync(dataFile(), gunzipSync(readFileSync(join(GOLDEN, format, "data.mdb.gz"))));
const expectedOf = (format: string) => JSON.parse(readFileSync(join(GOLDEN, format, "content.json"), "utf8"));

async function change(what: (tables: LmdbTables) => unknown): Promise<void> {
  const tables = new LmdbTables(dir);
  await what(tables);
  await tables.root.close();
}

describe("stores of other versions", () => {
  it.each(formats)("reads all of %s, and goes on from there", async (format) => {
    unpack(format);
    const { content, lease } = expectedOf(format);
    const store = await openStore();
    expect(await readContent(store)).toEqual(content);
    expect(await store.check()).toEqual([]);
    expect(await store.keepLeaseAlive(lease.id)).toEqual({ ttlSeconds: lease.ttlSeconds });
    await store.revokeLease(lease.id);
    expect((await store.status()).revision).toBe(content.revision + 1);
    await store.close();
  });

  it("refuses a newer format with an instruction, and leaves the file as it is", async () => {
    unpack(newest);
    await change((tables) => tables.meta.put("format", encodeNumber(formats.length + 1)));
    const before = readFileSync(dataFile());
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(openStore()).rejects.toMatchObject({
        code: "Store.NewerFormat",
        hint: expect.stringContaining("newer version"),
      });
      expect(readFileSync(dataFile()).equals(before)).toBe(true);
    }
  });

  it("keeps tables and counters that it does not know", async () => {
    unpack(newest);
    const unknownTable = (tables: LmdbTables) =>
      tables.root.openDB<Buffer, string>("later", { encoding: "binary" });
    await change(async (tables) => {
      await unknownTable(tables).put("note", NOTE);
      await tables.meta.put("laterCounter" as "revision", encodeNumber(7));
    });
    const store = await openStore();
    const { content } = expectedOf(newest);
    expect(await readContent(store)).toEqual(content);
    expect(await store.check()).toEqual([]);
    await store.transact({ success: [{ type: "put", key: "a", value: Buffer.from("1") }] });
    await store.compact((await store.status()).revision);
    await store.defragment!();
    await store.close();
    await change((tables) => {
      expect(unknownTable(tables).get("note")).toEqual(NOTE);
      expect(tables.readNumber("laterCounter" as "revision")).toBe(7);
    });
  });
});
