import { createHash } from "node:crypto";
import { isGantryError, silentLogger } from "../../src/base/index.ts";
import { openLmdbStore, type Store } from "../../src/store/index.ts";

// Reads a store whose file may be damaged, in a process of its own: prints what it found as one JSON text.

export interface DamageReading {
  /** Code of the error with which the store was not opened. */
  refused?: string;
  /** Codes of what `check` found and of reads that failed. */
  problems: string[];
  /** The revisions, and digests of all keys with their versions and values and of the history. */
  state: Record<string, string | number>;
}

async function read(store: Store): Promise<DamageReading> {
  const problems: string[] = [];
  const state: DamageReading["state"] = {};
  const attempt = async (what: () => Promise<void>) => {
    try {
      await what();
    } catch (error) {
      problems.push(isGantryError(error) ? error.code : `Plain: ${String(error)}`);
    }
  };
  await attempt(async () => {
    for (const { code } of await store.check()) problems.push(code);
  });
  await attempt(async () => {
    const hash = createHash("sha256");
    const { items, revision } = await store.range("");
    for (const { key, value, modRevision, createRevision, version } of items) {
      hash.update(`${key} ${createRevision} ${modRevision} ${version}\n`).update(value);
    }
    Object.assign(state, { revision, keys: hash.digest("hex") });
  });
  await attempt(async () => {
    const hash = createHash("sha256");
    const { revision, compactRevision } = await store.status();
    const options = { key: "", prefix: true, startRevision: compactRevision + 1, everyRevision: true };
    for await (const batch of store.watch(options)) {
      for (const { type, item } of batch.events) {
        hash.update(`${type} ${item.key} ${item.modRevision}\n`).update(item.value);
      }
      if (batch.revision >= revision) break;
    }
    Object.assign(state, { compactRevision, history: hash.digest("hex") });
  });
  return { problems, state };
}

let reading: DamageReading;
try {
  const store = await openLmdbStore({
    dir: process.argv[2]!,
    logger: silentLogger,
    keepHistoryMs: 0,
  });
  reading = await read(store);
  await store.close().catch(() => {});
} catch (error) {
  reading = {
    refused: isGantryError(error) ? error.code : `Plain: ${String(error)}`,
    problems: [],
    state: {},
  };
}
process.stdout.write(JSON.stringify(reading));
process.exit(0);
