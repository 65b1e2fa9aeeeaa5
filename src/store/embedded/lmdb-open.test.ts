import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { silentLogger } from "../../base/index.ts";
import { restoreSnapshot } from "../operations/restore-snapshot.ts";
import type { Store } from "../types.ts";
import { openLmdbStore } from "./lmdb-store.ts";

let work: string;
beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), "gantry-lmdb-open-"));
});
afterEach(() => rm(work, { recursive: true }));

const KEYS = 20_000;
const keyOf = (n: number) => `/registry/things/${String(n).padStart(6, "0")}/${"x".repeat(80)}`;
const open = (dir: string) => openLmdbStore({ dir, logger: silentLogger, keepHistoryMs: 0 });

async function fill(store: Store): Promise<void> {
  for (let from = 0; from < KEYS; from += 1000) {
    const success = Array.from({ length: 1000 }, (_, n) => ({
      type: "put" as const,
      key: keyOf(from + n),
      value: Buffer.from("1"),
    }));
    await store.transact({ success });
  }
}

it("takes a first transaction that replaces many pages of a copy without free ones", async () => {
  const store = await open(join(work, "a"));
  await fill(store);
  const file = join(work, "snapshot");
  await store.snapshot!(file);
  await store.close();
  await restoreSnapshot(file, join(work, "b"), 0);
  const restored = await open(join(work, "b"));
  const spread = Array.from({ length: KEYS / 40 }, (_, n) => ({
    type: "put" as const,
    key: keyOf(n * 40),
    value: Buffer.from("2"),
  }));
  await restored.transact({ success: spread });
  expect(await restored.check()).toEqual([]);
  expect((await restored.status()).keyCount).toBe(KEYS);
  await restored.close();
});
