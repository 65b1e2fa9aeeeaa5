import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "../base/index.ts";
import { openLmdbStore } from "./embedded/lmdb-store.ts";
import { openMemoryStore } from "./embedded/memory-store.ts";
import { describeStore } from "./store.contract.ts";

const options = { logger: silentLogger, maxWatchWaitingBatches: 100 };

describeStore("memory", async () => {
  const store = await openMemoryStore(options);
  return { store, dispose: () => store.close() };
});

describeStore("LMDB", async () => {
  const dir = await mkdtemp(join(tmpdir(), "gantry-store-"));
  const store = await openLmdbStore({ ...options, dir });
  const dispose = async () => {
    await store.close();
    await rm(dir, { recursive: true });
  };
  return { store, dispose };
});
