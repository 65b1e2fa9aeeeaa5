import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { silentLogger } from "../../../src/base/index.ts";
import { openLmdbStore, type Store } from "../../../src/store/index.ts";
import { readContent } from "./content.ts";

// Makes the data directory that later versions must be able to read, with what is in it beside it:
//
//   node test/robustness/golden/make.ts format-1
//
// It is run once for each format, by the first version that writes it, and its result is never made anew: what counts is that today's
// code reads what yesterday's wrote.

const PAGES_OF_ITS_OWN = 2_700;

async function put(store: Store, key: string, value: string, lease = 0): Promise<number> {
  const operation = { type: "put" as const, key, value: Buffer.from(value), ...(lease ? { lease } : {}) };
  return (await store.transact({ success: [operation] })).revision;
}

/** Something of everything: leases, deleted keys, compacted ones, keys that came back, text beyond ASCII, a value that has pages of its own. */
async function fill(store: Store): Promise<{ id: number; ttlSeconds: number }> {
  const remove = (key: string) => store.transact({ success: [{ type: "delete", key }] });
  for (let n = 0; n < 40; n++)
    await put(store, `/registry/pods/default/pod-${n % 12}`, `pod ${n} `.repeat(4));
  await remove("/registry/pods/default/pod-3");
  const compactRevision = await put(store, "/registry/configmaps/größe/ключ", "значение");
  await remove("/registry/pods/default/pod-4");
  const lease = await store.grantLease(3600);
  await put(store, "/registry/leases/held", "by a lease", lease.id);
  await put(store, "/registry/secrets/large", "large ".repeat(PAGES_OF_ITS_OWN / 6));
  await put(store, "/registry/pods/default/pod-3", "came back");
  await put(store, "/registry/empty", "");
  await store.compact(compactRevision);
  await store.transact({
    success: [
      { type: "deletePrefix", prefix: "/registry/pods/default/pod-1" },
      { type: "put", key: "/registry/last", value: Buffer.from("written with a delete") },
    ],
  });
  return lease;
}

const name = process.argv[2]!;
const work = mkdtempSync(join(tmpdir(), "gantry-golden-"));
const store = await openLmdbStore({ dir: work, logger: silentLogger, keepHistoryMs: 0 });
const lease = await fill(store);
const content = await readContent(store);
await store.close();
const target = join(import.meta.dirname, name);
mkdirSync(target);
writeFileSync(join(target, "data.mdb.gz"), gzipSync(readFileSync(join(work, "data.mdb")), { level: 9 }));
writeFileSync(join(target, "content.json"), `${JSON.stringify({ lease, content }, null, 1)}\n`);
rmSync(work, { recursive: true });
