import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { LmdbTables } from "../embedded/lmdb-tables.ts";
import type { NumberedKey } from "../embedded/record-codec.ts";

let dir: string;
let tables: LmdbTables;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "gantry-appender-"));
  tables = new LmdbTables(dir);
});
afterEach(async () => {
  await tables.root.close();
  await rm(dir, { recursive: true });
});

const found = (): string[] =>
  [...tables.history.getRange({ start: Buffer.from([0]) })].map(
    ({ key, value }) => `${(key as NumberedKey).number} ${(key as NumberedKey).key}=${value}`,
  );
const write = (...entries: [number, string, string][]) =>
  tables.root.batch(() => {
    for (const [number, key, value] of entries) tables.historyEnd.put({ number, key }, Buffer.from(value));
  });

it("keeps every entry, in whatever order its keys come, also of a table that is there already", async () => {
  await write([2, "b", "1"], [2, "a", "2"], [2, "\u{1f600}", "3"], [2, "\uffff", "4"], [2, "b", "5"]);
  await write([10, "a", "6"], [9, "z", "7"]);
  const expected = ["2 a=2", "2 b=5", "2 \uffff=4", "2 \u{1f600}=3", "9 z=7", "10 a=6"];
  expect(found()).toEqual(expected);
  await tables.root.close();
  tables = new LmdbTables(dir);
  await write([10, "a", "8"], [10, "b", "9"], [3, "c", "10"]);
  expect(found()).toEqual([...expected.slice(0, 4), "3 c=10", "9 z=7", "10 a=8", "10 b=9"]);
});

it("fills the pages", async () => {
  const bytes = 1500;
  for (let n = 1; n <= 1000; n += 50) {
    await write(
      ...Array.from({ length: 50 }, (_, k): [number, string, string] => [n + k, "k", "x".repeat(bytes)]),
    );
  }
  expect((await stat(join(dir, "data.mdb"))).size).toBeLessThan(1000 * bytes * 1.6);
});
