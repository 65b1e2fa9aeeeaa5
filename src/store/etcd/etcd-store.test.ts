import { describe, expect, it } from "vitest";
import { silentLogger } from "../../base/index.ts";
import { describeStore } from "../store.contract.ts";
import type { Store } from "../types.ts";
import { hasEtcd, startEtcd } from "./etcd-process.test-support.ts";
import { EtcdRequestTimes, openEtcdStore } from "./index.ts";
import { putStoreRecord } from "./store-record.test-support.ts";

const PREFIX = "/gantry/";
const OFFSET = 1_000_000;

function open(endpoint: string, requestTimes?: EtcdRequestTimes): Promise<Store> {
  return openEtcdStore({
    ...(requestTimes ? { requestTimes } : {}),
    endpoints: [endpoint],
    prefix: PREFIX,
    logger: silentLogger,
    maxWatchWaitingBatches: 100,
  });
}

/** A store in an etcd of its own, which holds the record if there is one. */
async function openOwn(record?: object): Promise<{ store: Store; dispose: () => Promise<void> }> {
  // The suite writes more keys in one transaction than etcd takes by default.
  const etcd = await startEtcd({ flags: ["--max-txn-ops=10000"] });
  if (record) await putStoreRecord(etcd.endpoint, PREFIX, JSON.stringify(record));
  const store = await open(etcd.endpoint);
  const dispose = async () => {
    await store.close();
    await etcd.dispose();
  };
  return { store, dispose };
}

if (hasEtcd) {
  describeStore("etcd", () => openOwn());
  // The record itself was etcd's revision 2.
  const ready = { format: 1, state: "ready", revisionOffset: OFFSET };
  describeStore("etcd with a revision offset", () => openOwn(ready), OFFSET + 2);
} else {
  describe("store contract: etcd", () => it.skip("needs etcd (Debian's package etcd-server)", () => {}));
}

describe.skipIf(!hasEtcd)("the times of an etcd store's requests (needs etcd-server)", () => {
  it("are told by what was done, and to what", async () => {
    const etcd = await startEtcd();
    const times = new EtcdRequestTimes((key) => key.split("/", 1)[0]!);
    const store = await open(etcd.endpoint, times);
    try {
      const value = Buffer.from("x");
      const isNew = { key: "pods/a", target: "version", operator: "=", value: 0 } as const;
      await store.transact({ compare: [isNew], success: [{ type: "put", key: "pods/a", value }] });
      await store.transact({ success: [{ type: "put", key: "pods/a", value }] });
      await store.get("pods/a");
      await store.get("nodes/a");
      await store.range("pods/");
      await store.transact({ success: [{ type: "delete", key: "pods/a" }] });
      await expect(store.get("pods/a", { revision: 1_000_000 })).rejects.toThrow();
      const lines = times.lines();
      for (const [operation, type, count] of [
        ["create", "pods", 1],
        ["update", "pods", 1],
        ["get", "pods", 2],
        ["get", "nodes", 1],
        ["list", "pods", 1],
        ["delete", "pods", 1],
      ]) {
        const labels = `operation="${operation}",type="${type}"`;
        expect(lines).toContain(`etcd_requests_total{${labels}} ${count}`);
        expect(lines).toContain(`etcd_request_duration_seconds_count{${labels}} ${count}`);
      }
      expect(lines).toContain('etcd_request_errors_total{operation="get",type="pods"} 1');
    } finally {
      await store.close();
      await etcd.dispose();
    }
  });
});

describe.skipIf(!hasEtcd)("etcd store with a revision offset (needs etcd-server)", () => {
  it("hides its record, and knows no revision from before", async () => {
    const { store, dispose } = await openOwn({ format: 1, state: "ready", revisionOffset: OFFSET });
    try {
      expect(await store.status()).toMatchObject({ compactRevision: OFFSET + 1, keyCount: 0 });
      expect(await store.range("")).toMatchObject({ items: [], count: 0 });
      await store.transact({ success: [{ type: "deletePrefix", prefix: "" }] });
      expect((await store.status()).revision).toBe(OFFSET + 2);
      for (const revision of [1, OFFSET - 1, OFFSET]) {
        await expect(store.get("a", { revision })).rejects.toMatchObject({
          code: "Store.Compacted",
          details: { revision, compactRevision: OFFSET + 1 },
        });
        await expect(store.range("", { revision })).rejects.toMatchObject({ kind: "Gone" });
        await expect(store.compact(revision)).rejects.toMatchObject({ kind: "Gone" });
        const watch = store.watch({ key: "a", startRevision: revision })[Symbol.asyncIterator]();
        await expect(watch.next()).rejects.toMatchObject({ kind: "Gone" });
      }
      await expect(store.get("a", { revision: OFFSET + 3 })).rejects.toMatchObject({
        code: "Store.FutureRevision",
        details: { revision: OFFSET + 3, current: OFFSET + 2 },
      });
    } finally {
      await dispose();
    }
  });

  it("takes an imported store into use", async () => {
    const { store, dispose } = await openOwn({ format: 1, state: "imported", revisionOffset: OFFSET });
    try {
      // It wrote its record anew.
      expect((await store.status()).revision).toBe(OFFSET + 3);
    } finally {
      await dispose();
    }
  });

  it("refuses a store that is half migrated, of a newer format, or damaged", async () => {
    const etcd = await startEtcd();
    try {
      for (const [record, code] of [
        [{ format: 1, state: "importing", revisionOffset: 5 }, "Store.HalfMigrated"],
        [{ format: 2, state: "ready" }, "Store.NewerFormat"],
        [{ format: 1, state: "ready", revisionOffset: -1 }, "Store.Corrupt"],
        ["text", "Store.Corrupt"],
      ] as const) {
        await putStoreRecord(etcd.endpoint, PREFIX, JSON.stringify(record));
        await expect(open(etcd.endpoint)).rejects.toMatchObject({ code });
      }
      await putStoreRecord(etcd.endpoint, PREFIX, "");
      await expect(open(etcd.endpoint)).rejects.toMatchObject({ code: "Store.Corrupt" });
    } finally {
      await etcd.dispose();
    }
  });
});
