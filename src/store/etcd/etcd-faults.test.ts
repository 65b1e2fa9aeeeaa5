import { afterEach, describe, expect, it } from "vitest";
import { isGantryError, silentLogger, systemClock } from "../../base/index.ts";
import type { Store, WatchBatch } from "../types.ts";
import {
  type EtcdProcess,
  type EtcdProcessOptions,
  hasEtcd,
  startEtcd,
  startEtcdCluster,
} from "./etcd-process.test-support.ts";
import { type EtcdStoreOptions, openEtcdStore } from "./index.ts";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.test-support.ts";

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function etcd(options?: EtcdProcessOptions): Promise<EtcdProcess> {
  const process = await startEtcd(options);
  cleanups.push(() => process.dispose());
  return process;
}

async function cluster(count: number, options?: EtcdProcessOptions): Promise<EtcdProcess[]> {
  const members = await startEtcdCluster(count, options);
  for (const member of members) cleanups.push(() => member.dispose());
  return members;
}

async function proxyTo(endpoint: string): Promise<TcpProxy> {
  const proxy = await startTcpProxy(endpoint);
  cleanups.push(() => proxy.close());
  return proxy;
}

async function open(endpoints: string[], options: Partial<EtcdStoreOptions> = {}): Promise<Store> {
  const store = await openEtcdStore({ endpoints, logger: silentLogger, requestTimeoutMs: 2000, ...options });
  cleanups.push(() => store.close());
  return store;
}

const put = async (store: Store, key: string, value = "1") =>
  (await store.transact({ success: [{ type: "put", key, value: Buffer.from(value) }] })).revision;

/** Collects what a watch delivers, until it is stopped. */
function follow(store: Store, startRevision: number) {
  const controller = new AbortController();
  const batches: WatchBatch[] = [];
  let failure: unknown;
  const done = (async () => {
    const options = { key: "", prefix: true, startRevision, signal: controller.signal };
    for await (const batch of store.watch(options)) if (batch.events.length > 0) batches.push(batch);
  })().catch((error) => {
    failure = error;
  });
  return {
    batches,
    failure: () => failure,
    async until(revision: number) {
      while ((batches.at(-1)?.revision ?? 0) < revision && failure === undefined) await systemClock.sleep(5);
    },
    async stop() {
      controller.abort();
      await done;
    },
  };
}

/** Writes all the time, several at once where asked to; tells what was acknowledged and what was not. */
function writeOn(store: Store, { writers = 1, pauseMs = 2 } = {}) {
  const acknowledged = new Map<string, number>();
  const failed = new Map<string, string>();
  let stopped = false;
  let n = 0;
  const write = async () => {
    while (!stopped) {
      const key = `k/${n++}`;
      try {
        acknowledged.set(key, await put(store, key));
      } catch (error) {
        failed.set(key, (error as { code: string }).code);
      }
      await systemClock.sleep(pauseMs);
    }
  };
  const done = Promise.all(Array.from({ length: writers }, write));
  return {
    acknowledged,
    failed,
    async stop() {
      stopped = true;
      await done;
    },
  };
}

/** Every revision once, in order, and each acknowledged write in the batch of its revision. */
function expectExact(
  batches: readonly WatchBatch[],
  from: number,
  acknowledged: ReadonlyMap<string, number>,
): void {
  expect(batches.map((batch) => batch.revision)).toEqual(batches.map((_, index) => from + index));
  for (const [key, revision] of acknowledged) {
    expect(batches[revision - from]?.events.map((event) => event.item.key)).toEqual([key]);
  }
}

describe.skipIf(!hasEtcd)("etcd store under faults (needs etcd-server)", { timeout: 60_000 }, () => {
  it("says where it looked when no etcd answers", async () => {
    await expect(open(["127.0.0.1:1", "127.0.0.2:2"], { requestTimeoutMs: 300 })).rejects.toMatchObject({
      kind: "Unavailable",
      code: "Store.Unreachable",
      message: expect.stringMatching(
        /at 127\.0\.0\.1:1, 127\.0\.0\.2:2 within 300 ms \(127\.0\.0\.1:1: connect ECONNREFUSED 127\.0\.0\.1:1; 127\.0\.0\.2:2: connect ECONNREFUSED 127\.0\.0\.2:2\)$/,
      ),
    });
    await expect(open(["nowhere.invalid:1"], { requestTimeoutMs: 300 })).rejects.toMatchObject({
      message: expect.stringContaining("(Name resolution failed for target dns:nowhere.invalid:1)"),
    });
    await expect(open(["nonsense"])).rejects.toMatchObject({ code: "Store.BadEndpoint" });
    await expect(open([])).rejects.toMatchObject({ code: "Store.BadEndpoint" });
  });

  it("goes on after a crash of etcd: nothing acknowledged is lost, the watch has no gap and no repeat", async () => {
    const server = await etcd();
    const store = await open([server.endpoint]);
    const watch = follow(store, 2);
    const writer = writeOn(store, { writers: 4, pauseMs: 0 });
    for (let round = 0; round < 2; round++) {
      await systemClock.sleep(200);
      await server.kill();
      await systemClock.sleep(100);
      await server.start();
    }
    await systemClock.sleep(200);
    await writer.stop();
    const { revision } = await store.status();
    await watch.until(revision);
    await watch.stop();
    expect(watch.failure()).toBeUndefined();
    expectExact(watch.batches, 2, writer.acknowledged);
    expect(writer.acknowledged.size).toBeGreaterThan(20);
    expect(new Set(writer.failed.values())).toContain("Store.OutcomeUnknown");
  });

  it("moves to another member when one dies, and back to none that cannot serve", async () => {
    const members = await cluster(3);
    const store = await open(members.map((member) => member.endpoint));
    const watch = follow(store, 2);
    const writer = writeOn(store);
    for (const member of members) {
      await systemClock.sleep(200);
      await member.kill();
      await systemClock.sleep(300);
      await member.start();
    }
    await writer.stop();
    expect(writer.acknowledged.size).toBeGreaterThan(20);
    const { revision } = await store.status();
    await watch.until(revision);
    await watch.stop();
    expect(watch.failure()).toBeUndefined();
    expectExact(watch.batches, 2, writer.acknowledged);
    expect(await store.check()).toEqual([]);
  });

  it("finds a cluster sound that is compacted to its newest revision", async () => {
    const members = await cluster(3);
    const store = await open(members.map((member) => member.endpoint));
    await store.compact(await put(store, "a"));
    expect(await store.check()).toEqual([]);
  });

  /** The frozen member may have been the leader: a write that it took and did not answer has an unknown outcome. */
  async function putUntilAcknowledged(store: Store, key: string): Promise<number> {
    for (;;) {
      try {
        return await put(store, key);
      } catch (error) {
        if (!isGantryError(error, "Unavailable")) throw error;
      }
    }
  }

  it("leaves a member that is frozen", async () => {
    const members = await cluster(3, { flags: ["--grpc-keepalive-min-time=100ms"] });
    const endpoints = members.map((member) => member.endpoint);
    const store = await open(endpoints, { pingIntervalMs: 1000 });
    const before = await put(store, "a");
    const watch = follow(store, before + 1);
    await put(store, "b");
    await watch.until(before + 1);
    members[0]!.pause();
    expect((await store.get("a")).item).toBeDefined();
    const after = await putUntilAcknowledged(store, "c");
    // Pings find out that nobody is there.
    await watch.until(after);
    members[0]!.resume();
    await watch.stop();
    const revisions = watch.batches.map((batch) => batch.revision);
    expect(revisions[0]).toBe(before + 1);
    expect(revisions.at(-1)).toBe(after);
    expect(revisions).toEqual(Array.from({ length: after - before }, (_, index) => before + 1 + index));
  });

  it("does not write again when the answer is lost, and says that it does not know", async () => {
    const server = await etcd();
    const proxy = await proxyTo(server.endpoint);
    const store = await open([proxy.endpoint], { requestTimeoutMs: 1000 });
    await put(store, "a");
    proxy.dropAnswers();
    await expect(put(store, "b")).rejects.toMatchObject({
      kind: "Unavailable",
      code: "Store.OutcomeUnknown",
    });
    await expect(store.get("b")).rejects.toMatchObject({ kind: "DeadlineExceeded", code: "Store.Timeout" });
    proxy.heal();
    expect((await store.get("b")).item).toMatchObject({ version: 1 });
    proxy.cut();
    await expect(put(store, "c")).rejects.toMatchObject({ kind: "Unavailable" });
    proxy.heal();
    expect((await store.get("c")).item).toBeUndefined();
    await put(store, "c");
  });

  it("is slow with a slow etcd, and nothing else", async () => {
    const server = await etcd();
    const proxy = await proxyTo(server.endpoint);
    const store = await open([proxy.endpoint]);
    proxy.delay(250);
    const watch = follow(store, 2);
    const revisions = await Promise.all(["a", "b", "c"].map((key) => put(store, key)));
    await watch.until(4);
    await watch.stop();
    expect(revisions.sort()).toEqual([2, 3, 4]);
    expect(watch.batches.map((batch) => batch.revision)).toEqual([2, 3, 4]);
  });

  it("tells a watch that it has missed something when etcd was compacted meanwhile", async () => {
    const server = await etcd();
    const proxy = await proxyTo(server.endpoint);
    const [store, other] = [await open([proxy.endpoint]), await open([server.endpoint])];
    const watch = follow(store, 2);
    const [quiet, seen] = [follow(store, 2), await put(store, "a")];
    await Promise.all([watch.until(seen), quiet.until(seen)]);
    proxy.cut();
    await put(other, "b");
    await other.transact({ success: [{ type: "delete", key: "b" }] });
    await other.compact(await put(other, "c"));
    proxy.heal();
    await watch.until(Number.POSITIVE_INFINITY);
    expect(watch.failure()).toMatchObject({ kind: "Gone", code: "Store.Compacted" });
    await Promise.all([watch.stop(), quiet.stop()]);
    expect(await store.status()).toMatchObject({ compactRevision: 5 });
  });

  it("goes on from where a quiet watch knows it is, though older revisions were compacted", async () => {
    const server = await etcd({ flags: ["--experimental-watch-progress-notify-interval=100ms"] });
    const proxy = await proxyTo(server.endpoint);
    const [store, other] = [await open([proxy.endpoint]), await open([server.endpoint])];
    const controller = new AbortController();
    const narrow = store
      .watch({ key: "mine", startRevision: 2, signal: controller.signal })
      [Symbol.asyncIterator]();
    const first = narrow.next();
    for (let n = 0; n < 20; n++) await put(other, "theirs", String(n));
    await systemClock.sleep(400);
    proxy.cut();
    await other.compact((await other.status()).revision - 1);
    const revision = await put(other, "mine");
    proxy.heal();
    expect((await first).value).toMatchObject({ revision });
    controller.abort();
    await narrow.next();
  });

  it("puts fragments together", async () => {
    const server = await etcd();
    const store = await open([server.endpoint]);
    const value = "x".repeat(400_000);
    for (let n = 0; n < 12; n++) await put(store, "big", `${n}${value}`);
    const watch = follow(store, 2);
    await watch.until(13);
    await watch.stop();
    expectExact(watch.batches, 2, new Map());
    expect(
      watch.batches.map(({ events }) => Buffer.from(events[0]!.previous?.value ?? []).toString("utf8", 0, 2)),
    ).toEqual(["", ...Array.from({ length: 11 }, (_, n) => `${n}x`.slice(0, 2))]);
  });

  it("keeps to its prefix, and follows the revisions of others", async () => {
    const server = await etcd();
    const mine = await open([server.endpoint], { prefix: "/mine/" });
    const theirs = await open([server.endpoint], { prefix: "/mine" });
    await put(theirs, "/a", "theirs");
    await put(theirs, "0", "beside");
    expect((await mine.range("")).items.map((item) => item.key)).toEqual(["a"]);
    const startRevision = (await mine.status()).revision + 1;
    const watch = mine
      .watch({ key: "", prefix: true, everyRevision: true, startRevision })
      [Symbol.asyncIterator]();
    const first = watch.next();
    const revision = await put(theirs, "1");
    expect((await first).value).toEqual({ revision, events: [], progress: true });
    await mine.transact({ success: [{ type: "deletePrefix", prefix: "" }] });
    expect((await watch.next()).value).toMatchObject({ events: [{ type: "delete", item: { key: "a" } }] });
    await watch.return?.();
    expect((await theirs.range("")).items.map((item) => item.key)).toEqual(["0", "1"]);
  });

  it("says that etcd is full, still reads and deletes, and refuses what is too much for one request", async () => {
    const server = await etcd({ flags: ["--quota-backend-bytes=4000000"] });
    const store = await open([server.endpoint]);
    const value = "x".repeat(500_000);
    // etcd looks at the size as of its last batch, a tenth of a second ago: quick writes get far beyond the quota.
    const fill = async () => {
      for (let n = 0; n < 200; n++) await put(store, `full/${n}`, value);
    };
    await expect(fill()).rejects.toMatchObject({ kind: "ResourceExhausted", code: "Store.NoSpace" });
    expect((await store.get("full/0")).item).toBeDefined();
    await store.transact({ success: [{ type: "delete", key: "full/0" }] });
    expect(await store.check()).toMatchObject([
      { code: "Check.Member", message: expect.stringContaining("NOSPACE") },
    ]);
    const many = Array.from({ length: 200 }, (_, n) => ({ type: "delete" as const, key: `d/${n}` }));
    await expect(store.transact({ success: many })).rejects.toMatchObject({
      code: "Store.TooManyOperations",
    });
  });

  it("tells when the endpoints are not of one cluster", async () => {
    const [one, two] = [await etcd(), await etcd()];
    const proxy = await proxyTo(two.endpoint);
    proxy.cut();
    const store = await open([one.endpoint, proxy.endpoint]);
    await put(store, "a");
    proxy.heal();
    await one.kill();
    await expect(store.get("a")).rejects.toMatchObject({ kind: "DataLoss", code: "Store.OtherCluster" });
  });
});
