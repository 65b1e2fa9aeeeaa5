import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../base/index.ts";
import type { KeyValue, Store, WatchBatch } from "./types.ts";

const bytes = (text: string) => Buffer.from(text);
const text = (value: Uint8Array | undefined) => value && Buffer.from(value).toString();

async function put(store: Store, key: string, value: string, lease?: number): Promise<number> {
  const operation = { type: "put" as const, key, value: bytes(value), ...(lease ? { lease } : {}) };
  return (await store.transact({ success: [operation] })).revision;
}

async function remove(store: Store, key: string): Promise<number> {
  return (await store.transact({ success: [{ type: "delete", key }] })).revision;
}

/** The next `count` batches with events. */
async function take(watch: AsyncIterable<WatchBatch>, count: number): Promise<WatchBatch[]> {
  const batches: WatchBatch[] = [];
  for await (const batch of watch) {
    if (batch.events.length > 0) batches.push(batch);
    if (batches.length === count) break;
  }
  return batches;
}

const told = (batches: WatchBatch[]) =>
  batches.flatMap(({ revision, events }) =>
    events.map(
      ({ type, item, previous }) =>
        `${revision} ${type} ${item.key}=${text(item.value)} was ${text(previous?.value)}`,
    ),
  );

/**
 * What every implementation of Store must do. `open` gives an empty store with small limits for slow watchers, at revision
 * `firstRevision`.
 */
export function describeStore(
  name: string,
  open: () => Promise<{ store: Store; dispose: () => Promise<void> }>,
  firstRevision = 1,
): void {
  /** The revision that would be `n` in a store that begins at 1. */
  const nth = (n: number) => firstRevision - 1 + n;

  describe(`store contract: ${name}`, () => {
    let store: Store;
    let dispose: () => Promise<void>;

    beforeEach(async () => {
      ({ store, dispose } = await open());
    });
    afterEach(() => dispose());

    describe("keys and revisions", () => {
      it("starts at its first revision and raises it by one a writing transaction", async () => {
        expect((await store.status()).revision).toBe(firstRevision);
        expect(await put(store, "a", "1")).toBe(nth(2));
        expect(await put(store, "a", "2")).toBe(nth(3));
        const { item, revision } = await store.get("a");
        expect({ ...item, value: text(item?.value), at: revision }).toEqual({
          key: "a",
          value: "2",
          createRevision: nth(2),
          modRevision: nth(3),
          version: 2,
          lease: 0,
          at: nth(3),
        });
      });

      it("knows a revision as new as all that is written and all that was read, if it knows one", async () => {
        if (!store.visibleRevision) return;
        expect(store.visibleRevision()).toBeGreaterThanOrEqual(firstRevision);
        const seen: { answered: number; visible: number }[] = [];
        const saw = (answered: number) => seen.push({ answered, visible: store.visibleRevision!() });
        const writing = Array.from({ length: 20 }, async (_, index) =>
          saw(await put(store, `k${index % 3}`, "v")),
        );
        const reading = Array.from({ length: 60 }, async (_, index) => {
          for (let turn = 0; turn < index; turn++) await new Promise((resolve) => setImmediate(resolve));
          saw((await store.get(`k${index % 3}`)).revision);
          saw((await store.range("k")).revision);
        });
        await Promise.all([...writing, ...reading]);
        expect(seen.filter(({ answered, visible }) => visible < answered)).toEqual([]);
        expect(store.visibleRevision()).toBe(nth(21));
      });

      it("does not raise the revision when nothing is written", async () => {
        const revision = await put(store, "a", "1");
        expect(await remove(store, "absent")).toBe(revision);
        const read = await store.transact({ success: [{ type: "get", key: "a" }] });
        expect(read.revision).toBe(revision);
        const [result] = read.results;
        expect(result?.type === "get" && text(result.item?.value)).toBe("1");
      });

      it("begins a key anew after a delete", async () => {
        await put(store, "a", "1");
        await put(store, "a", "2");
        await remove(store, "a");
        expect((await store.get("a")).item).toBeUndefined();
        const revision = await put(store, "a", "3");
        expect((await store.get("a")).item).toMatchObject({ createRevision: revision, version: 1 });
      });

      it("keeps a value as it was when it was put, whatever the caller does to it afterwards", async () => {
        const value = bytes("before");
        const done = store.transact({ success: [{ type: "put", key: "a", value }] });
        value.fill("x");
        await done;
        expect(text((await store.get("a")).item?.value)).toBe("before");
      });

      it("stores empty and large values and all of Unicode in keys", async () => {
        const large = "x".repeat(1_500_000);
        for (const [key, value] of [
          ["empty", ""],
          ["large", large],
          ["käse/\u{1f9c0}", "1"],
          ["\uffee", "2"],
        ]) {
          await put(store, key!, value!);
          expect(text((await store.get(key!)).item?.value)).toBe(value);
        }
        const keys = (await store.range("")).items.map((item) => item.key);
        expect(keys).toEqual(
          ["empty", "käse/\u{1f9c0}", "large", "\uffee"].sort((a, b) => Buffer.compare(bytes(a), bytes(b))),
        );
      });

      it("refuses keys and values beyond the limits, and two writes of one key", async () => {
        await expect(put(store, "", "1")).rejects.toMatchObject({ code: "Store.KeyTooLarge" });
        await expect(put(store, "k".repeat(1025), "1")).rejects.toMatchObject({ code: "Store.KeyTooLarge" });
        await expect(put(store, "a", "x".repeat(1.5 * 2 ** 20 + 1))).rejects.toMatchObject({
          kind: "InvalidArgument",
          code: "Store.ValueTooLarge",
        });
        const twice = { type: "put" as const, key: "a", value: bytes("1") };
        await expect(store.transact({ success: [twice, twice] })).rejects.toMatchObject({
          code: "Store.DuplicateKey",
        });
        expect((await store.status()).revision).toBe(firstRevision);
      });
    });

    describe("transactions", () => {
      it("does the success branch when every comparison holds, else the failure branch", async () => {
        const revision = await put(store, "a", "1");
        const guarded = (modRevision: number) =>
          store.transact({
            compare: [
              { key: "a", target: "modRevision", operator: "=", value: modRevision },
              { key: "b", target: "version", operator: "=", value: 0 },
            ],
            success: [{ type: "put", key: "a", value: bytes("2") }],
            failure: [{ type: "get", key: "a" }],
          });
        expect(await guarded(revision - 1)).toMatchObject({ succeeded: false, revision });
        const done = await guarded(revision);
        expect(done).toMatchObject({ succeeded: true, revision: revision + 1 });
        const [result] = done.results;
        expect(result?.type === "put" && text(result.previous?.value)).toBe("1");
      });

      it("compares with each operator and target", async () => {
        await put(store, "a", "1");
        await put(store, "a", "2");
        const holds = async (
          target: "version" | "createRevision" | "modRevision",
          operator: "=" | "!=" | "<" | ">",
          value: number,
        ) =>
          (await store.transact({ compare: [{ key: "a", target, operator, value }], success: [] })).succeeded;
        expect(await holds("version", "=", 2)).toBe(true);
        expect(await holds("version", "!=", 2)).toBe(false);
        expect(await holds("createRevision", "<", nth(3))).toBe(true);
        expect(await holds("modRevision", ">", nth(3))).toBe(false);
        // Before all that the store counts from, 0 is still what an absent key has.
        expect(await holds("modRevision", ">", 1)).toBe(true);
        expect(await holds("modRevision", "<", 1)).toBe(false);
        expect(await holds("createRevision", "=", 1)).toBe(false);
        expect(await holds("createRevision", "!=", 0)).toBe(true);
      });

      it("writes all keys of a transaction in one revision, and sees its own writes", async () => {
        const { revision, results } = await store.transact({
          success: [
            { type: "put", key: "a", value: bytes("1") },
            { type: "put", key: "b", value: bytes("2") },
            { type: "get", key: "a" },
          ],
        });
        expect((await store.range("")).items.map((item) => item.modRevision)).toEqual([revision, revision]);
        expect(results[2]?.type === "get" && text(results[2].item?.value)).toBe("1");
      });

      it("deletes a prefix and hands back what was there", async () => {
        for (const key of ["p/1", "p/2", "q/1"]) await put(store, key, key);
        const { results } = await store.transact({ success: [{ type: "deletePrefix", prefix: "p/" }] });
        expect(results[0]?.type === "delete" && results[0].previous.map((item) => item.key)).toEqual([
          "p/1",
          "p/2",
        ]);
        expect((await store.range("")).items.map((item) => item.key)).toEqual(["q/1"]);
      });

      it("evaluates transactions that wait together one after the other", async () => {
        const increment = async (): Promise<void> => {
          for (;;) {
            const { item } = await store.get("n");
            const { succeeded } = await store.transact({
              compare: [{ key: "n", target: "modRevision", operator: "=", value: item?.modRevision ?? 0 }],
              success: [{ type: "put", key: "n", value: bytes(String(Number(text(item?.value) ?? 0) + 1)) }],
            });
            if (succeeded) return;
          }
        };
        await Promise.all(Array.from({ length: 20 }, increment));
        expect((await store.get("n")).item).toMatchObject({ version: 20 });
        expect(text((await store.get("n")).item?.value)).toBe("20");
      });

      it("lets exactly one of many creations win", async () => {
        const create = (value: string) =>
          store.transact({
            compare: [{ key: "a", target: "version", operator: "=", value: 0 }],
            success: [{ type: "put", key: "a", value: bytes(value) }],
            failure: [{ type: "get", key: "a" }],
          });
        const outcomes = await Promise.all(["1", "2", "3"].map(create));
        const winner = outcomes.findIndex((outcome) => outcome.succeeded);
        const losers = outcomes.filter((outcome) => !outcome.succeeded);
        expect(losers).toHaveLength(2);
        for (const { results } of losers) {
          const [lost] = results;
          expect(lost?.type === "get" && text(lost.item?.value)).toBe(String(winner + 1));
        }
      });
    });

    describe("ranges", () => {
      beforeEach(async () => {
        for (const key of ["a/1", "a/2", "a/3", "a/4", "b/1"]) await put(store, key, `v-${key}`);
      });

      it("pages by limit and startAfter, with the count of what is left", async () => {
        const first = await store.range("a/", { limit: 2 });
        expect(first).toMatchObject({ count: 4, more: true });
        expect(first.items.map((item) => item.key)).toEqual(["a/1", "a/2"]);
        const second = await store.range("a/", { limit: 2, startAfter: "a/2", revision: first.revision });
        expect(second).toMatchObject({ count: 2, more: false });
        expect(second.items.map((item) => item.key)).toEqual(["a/3", "a/4"]);
        expect(await store.range("a/", { startAfter: "a/4" })).toMatchObject({
          items: [],
          count: 0,
          more: false,
        });
      });

      it("shows one revision in a long list, whatever is written meanwhile", async () => {
        const keys = Array.from({ length: 1300 }, (_, n) => `long/${String(n).padStart(4, "0")}`);
        const puts = keys.map((key) => ({ type: "put" as const, key, value: bytes(key) }));
        const { revision } = await store.transact({ success: puts });
        const listing = store.range("long/");
        const writing = Promise.all([
          ...keys.slice(600, 700).map((key) => put(store, key, "changed")),
          ...keys.slice(1000, 1100).map((key) => remove(store, key)),
          put(store, "long/2000", "new"),
        ]);
        const { items, count, more, revision: shown } = await listing;
        await writing;
        const told = ({ key, value, modRevision }: KeyValue) => `${key}=${text(value)} at ${modRevision}`;
        const then = await store.range("long/", { revision: shown });
        expect({ count, more }).toEqual({ count: then.items.length, more: false });
        expect(items.map(told)).toEqual(then.items.map(told));
        expect(await store.range("long/", { limit: 1250, revision })).toMatchObject({
          count: 1300,
          more: true,
        });
        expect((await store.range("long/", { limit: 1250 })).count).toBe(1201);
      });

      it("counts without items and lists keys without values", async () => {
        expect(await store.range("a/", { countOnly: true })).toMatchObject({
          items: [],
          count: 4,
          more: false,
        });
        const { items } = await store.range("b/", { keysOnly: true });
        expect(items[0]).toMatchObject({ key: "b/1", version: 1 });
        expect(items[0]!.value.byteLength).toBe(0);
        expect(await store.range("a/", { limit: 2, uncounted: true })).toMatchObject({
          count: 2,
          more: true,
        });
      });

      it("counts what was there long ago", async () => {
        const { revision } = await store.status();
        for (let n = 0; n < 30; n++) {
          const churn = Array.from({ length: 20 }, (_, k) => put(store, `a/new-${k}`, String(n)));
          await Promise.all([...churn, put(store, "a/2", String(n))]);
        }
        await remove(store, "a/2");
        const past = { count: 4, more: true };
        expect(await store.range("a/", { revision, limit: 1 })).toMatchObject(past);
        expect((await store.range("a/", { revision, countOnly: true, startAfter: "a/1" })).count).toBe(3);
        expect((await store.range("a/", { countOnly: true })).count).toBe(23);
      });

      it("reads the past as it was: changed, deleted and later keys", async () => {
        const { revision } = await store.status();
        await put(store, "a/1", "changed");
        await remove(store, "a/2");
        await put(store, "a/2", "again");
        await remove(store, "a/3");
        await put(store, "a/5", "new");
        const past = await store.range("a/", { revision, limit: 3 });
        expect(past.items.map((item) => text(item.value))).toEqual(["v-a/1", "v-a/2", "v-a/3"]);
        expect(past).toMatchObject({ count: 4, more: true });
        expect(await store.range("a/", { revision, countOnly: true, startAfter: "a/1" })).toMatchObject({
          count: 3,
        });
        expect(text((await store.get("a/2", { revision })).item?.value)).toBe("v-a/2");
        expect((await store.get("a/2", { revision: revision + 2 })).item).toBeUndefined();
        expect((await store.get("a/5", { revision })).item).toBeUndefined();
      });

      it("refuses the future and the compacted past", async () => {
        const { revision } = await store.status();
        await expect(store.get("a/1", { revision: revision + 1 })).rejects.toMatchObject({
          code: "Store.FutureRevision",
        });
        await store.compact(revision);
        await expect(store.range("", { revision: revision - 1 })).rejects.toMatchObject({
          kind: "Gone",
          code: "Store.Compacted",
        });
        expect((await store.range("", { revision })).count).toBe(5);
      });
    });

    describe("watches", () => {
      it("delivers what comes after the watch was made, one batch a revision", async () => {
        await put(store, "a", "0");
        const watch = store.watch({ key: "a", prefix: true });
        await put(store, "a", "1");
        await put(store, "b", "x");
        await store.transact({
          success: [
            { type: "put", key: "a1", value: bytes("2") },
            { type: "delete", key: "a" },
            { type: "put", key: "c", value: bytes("x") },
          ],
        });
        expect(told(await take(watch, 2)).sort()).toEqual([
          `${nth(3)} put a=1 was 0`,
          `${nth(5)} delete a= was 1`,
          `${nth(5)} put a1=2 was undefined`,
        ]);
      });

      it("delivers to a watch that waits, and ends it when the signal aborts", async () => {
        const controller = new AbortController();
        const seen: WatchBatch[] = [];
        const done = (async () => {
          for await (const batch of store.watch({ key: "a", signal: controller.signal })) seen.push(batch);
        })();
        await systemClock.sleep(5);
        await put(store, "a", "1");
        await put(store, "ab", "not watched");
        await put(store, "a", "2");
        await systemClock.sleep(5);
        controller.abort();
        await done;
        expect(told(seen)).toEqual([`${nth(2)} put a=1 was undefined`, `${nth(4)} put a=2 was 1`]);
      });

      it("replays from a revision and goes over to the present without a gap", async () => {
        for (let n = 1; n <= 20; n++) await put(store, "a", String(n));
        const writing = (async () => {
          for (let n = 21; n <= 60; n++) await put(store, "a", String(n));
        })();
        const batches = await take(store.watch({ key: "a", startRevision: nth(5) }), 57);
        await writing;
        expect(batches.map((batch) => batch.revision)).toEqual(
          Array.from({ length: 57 }, (_, n) => nth(n + 5)),
        );
        expect(told(batches)[0]).toBe(`${nth(5)} put a=4 was 3`);
      });

      it("waits for a revision in the future", async () => {
        const watch = store.watch({ key: "a", startRevision: nth(4) });
        const first = take(watch, 1);
        for (const value of ["1", "2", "3"]) await put(store, "a", value);
        expect(told(await first)).toEqual([`${nth(4)} put a=3 was 2`]);
      });

      it("tells progress", async () => {
        const seen: WatchBatch[] = [];
        await put(store, "b", "1");
        for await (const batch of store.watch({ key: "a", progressIntervalMs: 5 })) {
          seen.push(batch);
          if (batch.revision === nth(3)) break;
          if (seen.length === 1) await put(store, "b", "2");
        }
        // It may be told more than once of a revision: the write takes longer than the interval on a slow disk.
        const before = seen.slice(0, -1);
        expect(before.length).toBeGreaterThan(0);
        for (const batch of before) expect(batch).toEqual({ revision: nth(2), events: [], progress: true });
        expect(seen.at(-1)).toEqual({ revision: nth(3), events: [], progress: true });
      });

      it("tells of every revision where that is wanted", async () => {
        const watch = store.watch({ key: "a", everyRevision: true })[Symbol.asyncIterator]();
        const first = watch.next();
        await put(store, "b", "1");
        expect((await first).value).toEqual({ revision: nth(2), events: [], progress: true });
        await watch.return?.();
      });

      it("cuts off a watcher that is too slow, and nobody else", async () => {
        const slow = store.watch({ key: "a" })[Symbol.asyncIterator]();
        const fast = take(store.watch({ key: "a" }), 300);
        const first = slow.next();
        for (let n = 1; n <= 300; n++) await put(store, "a", String(n));
        expect(await fast).toHaveLength(300);
        await first;
        await expect(
          (async () => {
            while (!(await slow.next()).done);
          })(),
        ).rejects.toMatchObject({ kind: "ResourceExhausted", code: "Store.SlowWatcher" });
      });
    });

    describe("compaction", () => {
      it("keeps the present, refuses the past, and watches from the next revision on", async () => {
        await put(store, "a", "1");
        await put(store, "gone", "1");
        await remove(store, "gone");
        const compacted = await put(store, "a", "2");
        await put(store, "a", "3");
        await remove(store, "a");
        await store.compact(compacted);
        expect(await store.status()).toMatchObject({ compactRevision: compacted });
        await expect(take(store.watch({ key: "a", startRevision: compacted }), 1)).rejects.toMatchObject({
          code: "Store.Compacted",
        });
        const batches = await take(store.watch({ key: "a", startRevision: compacted + 1 }), 2);
        expect(told(batches)).toEqual([`${compacted + 1} put a=3 was 2`, `${compacted + 2} delete a= was 3`]);
        expect(text((await store.get("a", { revision: compacted })).item?.value)).toBe("2");
        expect(await store.check()).toEqual([]);
      });

      it("refuses to compact what is compacted or not yet there", async () => {
        const revision = await put(store, "a", "1");
        await store.compact(revision);
        await expect(store.compact(revision)).rejects.toMatchObject({ code: "Store.Compacted" });
        await expect(store.compact(revision + 1)).rejects.toMatchObject({ code: "Store.FutureRevision" });
      });

      it("goes on correctly with keys whose tombstone was compacted", async () => {
        await put(store, "a", "1");
        const deleted = await remove(store, "a");
        const recreating = put(store, "a", "2");
        await store.compact(deleted);
        const created = await recreating;
        expect((await store.get("a", { revision: deleted })).item).toBeUndefined();
        expect((await store.range("", { revision: deleted })).count).toBe(0);
        expect(told(await take(store.watch({ key: "a", startRevision: created }), 1))).toEqual([
          `${created} put a=2 was undefined`,
        ]);
        await store.compact(created);
        expect(await store.check()).toEqual([]);
      });
    });

    describe("leases", () => {
      it("deletes a lease's keys in one revision when it is revoked", async () => {
        const { id } = await store.grantLease(60);
        await put(store, "a", "1", id);
        await put(store, "b", "1", id);
        await put(store, "kept", "1", id);
        const before = await put(store, "kept", "2");
        expect((await store.get("a")).item).toMatchObject({ lease: id });
        await store.revokeLease(id);
        expect((await store.range("")).items.map((item) => item.key)).toEqual(["kept"]);
        expect((await store.status()).revision).toBe(before + 1);
        await expect(store.keepLeaseAlive(id)).rejects.toMatchObject({ code: "Store.LeaseNotFound" });
        await expect(put(store, "a", "1", id)).rejects.toMatchObject({ code: "Store.LeaseNotFound" });
        expect(await store.check()).toEqual([]);
      });

      it("expires a lease that is not kept alive", async () => {
        const { id } = await store.grantLease(1);
        await put(store, "a", "1", id);
        const [batch] = await take(store.watch({ key: "a" }), 1);
        expect(batch?.events[0]).toMatchObject({ type: "delete", previous: { lease: id } });
        await expect(store.keepLeaseAlive(id)).rejects.toMatchObject({ kind: "NotFound" });
      });
    });

    it("answers with Store.Closed after close, and ends its watches with it", async () => {
      await put(store, "a", "1");
      const watching = take(store.watch({ key: "a" }), 1);
      await systemClock.sleep(1);
      await store.close();
      await expect(watching).rejects.toMatchObject({ code: "Store.Closed" });
      await expect(store.get("a")).rejects.toMatchObject({ kind: "Unavailable", code: "Store.Closed" });
      await expect(put(store, "a", "2")).rejects.toMatchObject({ code: "Store.Closed" });
      await store.close();
    });
  });
}
