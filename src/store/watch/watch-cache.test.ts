import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { GantryError, silentLogger, systemClock } from "../../base/index.ts";
import { FaultyStore, openMemoryStore, type Store, WatchCache, type WatchCacheOptions } from "../index.ts";

interface Thing {
  key: string;
  text: string;
  revision: number;
}

const stops: (() => Promise<void>)[] = [];
let store: Store;

beforeEach(async () => {
  store = await openMemoryStore({ logger: silentLogger });
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  await store.close();
});

async function start(options: Partial<WatchCacheOptions<Thing>> = {}): Promise<WatchCache<Thing>> {
  const cache = new WatchCache<Thing>({
    store,
    prefix: "/r/",
    decode: (key, value, revision) => ({ key, text: Buffer.from(value).toString(), revision }),
    deletedAt: (previous, revision) => ({ ...previous, revision }),
    logger: silentLogger,
    ...options,
  });
  const controller = new AbortController();
  let done: Promise<void>;
  await new Promise<void>((ready) => {
    done = cache.run({ signal: controller.signal, ready });
  });
  stops.push(async () => {
    controller.abort();
    await done;
  });
  return cache;
}

const put = async (key: string, value: string) =>
  (await store.transact({ success: [{ type: "put", key, value: Buffer.from(value) }] })).revision;
const remove = async (key: string) => (await store.transact({ success: [{ type: "delete", key }] })).revision;

const never = new AbortController().signal;

async function take(
  watch: AsyncIterable<{ events: readonly { type: string; object: Thing; previous: Thing | undefined }[] }>,
  count: number,
) {
  const told: string[] = [];
  for await (const { events } of watch) {
    for (const { type, object, previous } of events)
      told.push(`${type} ${object.key}=${object.text}@${object.revision} was ${previous?.text}`);
    if (told.length >= count) break;
  }
  return told;
}

describe("WatchCache", () => {
  it("loads what is there, page by page, and follows it", async () => {
    for (let n = 0; n < 1200; n++) await put(`/r/${String(n).padStart(4, "0")}`, `${n}`);
    await put("/other/x", "not here");
    const cache = await start();
    expect(cache.size).toBe(1200);
    expect(cache.list("/r/").map((thing) => thing.text)).toEqual(
      Array.from({ length: 1200 }, (_, n) => `${n}`),
    );
    expect(cache.list("/r/001")).toHaveLength(10);
    expect(cache.get("/r/0007")).toMatchObject({ text: "7" });
    await put("/r/0007", "changed");
    const revision = await remove("/r/0008");
    expect(await cache.waitFor(revision, 1000)).toBe(true);
    expect(cache.get("/r/0007")?.text).toBe("changed");
    expect(cache.get("/r/0008")).toBeUndefined();
    expect(cache.list("/r/000")).toHaveLength(9);
  });

  it("reaches revisions that changed nothing of its own, and gives up on those that do not come", async () => {
    const cache = await start();
    const revision = await put("/other/x", "1");
    expect(await cache.waitFor(revision, 1000)).toBe(true);
    expect(await cache.waitFor(revision + 1, 10)).toBe(false);
    expect(cache.revision).toBe(revision);
  });

  it("tells changes with what was before, from now on and from the past, and shares what it tells", async () => {
    const cache = await start();
    const from = cache.revision;
    const live = cache.watch("/r/a/", from, never);
    await put("/r/a/1", "one");
    await put("/r/b/1", "other");
    await put("/r/a/1", "two");
    const revision = await remove("/r/a/1");
    const expected = [
      "ADDED /r/a/1=one@2 was undefined",
      "MODIFIED /r/a/1=two@4 was one",
      "DELETED /r/a/1=two@5 was two",
    ];
    expect(await take(live, 3)).toEqual(expected);
    await cache.waitFor(revision, 1000);
    expect(await take(cache.watch("/r/a/", from, never), 3)).toEqual(expected);
    expect(await take(cache.watch("/r/", from + 1, never), 3)).toHaveLength(3);

    const first = cache.watch("/r/", revision, never)[Symbol.asyncIterator]();
    const second = cache.watch("/r/", revision, never)[Symbol.asyncIterator]();
    await put("/r/c", "shared");
    const batches = await Promise.all([first.next(), second.next()]);
    expect(batches[0].value.events[0]).toBe(batches[1].value.events[0]);
    await Promise.all([first.return?.(), second.return?.()]);
  });

  it("neither skips nor repeats for watchers that come while much is written", async () => {
    const cache = await start({ progressIntervalMs: 50 });
    const from = cache.revision;
    const writing = (async () => {
      for (let n = 0; n < 500; n++) await put(`/r/${n % 7}`, `${n}`);
    })();
    const watchers = [];
    for (let n = 0; n < 20; n++) {
      const start = cache.revision;
      watchers.push(
        take(cache.watch("/r/", start, never), from + 500 - start).then((told) => ({ start, told })),
      );
      await systemClock.sleep(1);
    }
    await writing;
    for (const { start, told } of await Promise.all(watchers)) {
      const revisions = told.map((line) => Number(/@(\d+)/.exec(line)![1]));
      expect(revisions).toEqual(Array.from({ length: from + 500 - start }, (_, n) => start + 1 + n));
    }
  });

  it("keeps a bounded past and says when a watch comes too late", async () => {
    const cache = await start({ historyEvents: 10 });
    const from = cache.revision;
    for (let n = 0; n < 30; n++) await put("/r/a", `${n}`);
    await cache.waitFor(from + 30, 1000);
    await expect(take(cache.watch("/r/", from, never), 1)).rejects.toMatchObject({
      kind: "Gone",
      code: "Store.TooOld",
    });
    expect(await take(cache.watch("/r/", from + 20, never), 10)).toHaveLength(10);
  });

  it("tells progress, and nothing from before a start in the future", async () => {
    const cache = await start({ progressIntervalMs: 5 });
    const from = cache.revision;
    for await (const batch of cache.watch("/r/", from, never)) {
      expect(batch).toEqual({ revision: from, events: [] });
      break;
    }
    const future = cache.watch("/r/", from + 2, never);
    for (const value of ["1", "2", "3"]) await put("/r/a", value);
    expect(await take(future, 1)).toEqual(["MODIFIED /r/a=3@4 was 2"]);
  });

  it("cuts off a slow subscriber, and ends watches with their signal", async () => {
    const cache = await start({ maxWaitingBatches: 5 });
    const from = cache.revision;
    const slow = cache.watch("/r/", from, never);
    const controller = new AbortController();
    const aborted = take(cache.watch("/r/none/", from, controller.signal), 1);
    for (let n = 0; n < 10; n++) await put("/r/a", `${n}`);
    await cache.waitFor(from + 10, 1000);
    await expect(take(slow, 10)).rejects.toMatchObject({
      kind: "ResourceExhausted",
      code: "Store.SlowWatcher",
    });
    controller.abort();
    expect(await aborted).toEqual([]);
  });

  it("cuts off by bytes too, and counts only what the subscriber asked for", async () => {
    const cache = await start({ maxWaitingBytes: 1000 });
    const from = cache.revision;
    const [slow, other] = [cache.watch("/r/big/", from, never), cache.watch("/r/small/", from, never)];
    for (let n = 0; n < 4; n++) {
      const key = (part: string) => `/r/${part}/${n}`;
      const puts = [put(key("big"), "x".repeat(400)), put(key("small"), "x")];
      await cache.waitFor(Math.max(...(await Promise.all(puts))), 1000);
    }
    await expect(take(slow, 4)).rejects.toMatchObject({
      code: "Store.SlowWatcher",
      details: { key: "/r/big/", waitingBytes: 800 },
    });
    expect(await take(other, 4)).toHaveLength(4);
    expect(await take(cache.watch("/r/big/", from, never), 4)).toHaveLength(4);
  });

  it("loads anew when the store's watch breaks, and sends its watchers away instead of skipping", async () => {
    const faulty = new FaultyStore(store);
    let breakWatch = () => {};
    const watch = faulty.watch.bind(faulty);
    faulty.watch = (options) => {
      const controller = new AbortController();
      breakWatch = () => controller.abort();
      return (async function* () {
        yield* watch({ ...options, signal: AbortSignal.any([options.signal!, controller.signal]) });
        if (controller.signal.aborted) await take(store.watch({ key: "", startRevision: 1 }) as never, 1);
      })();
    };
    await put("/r/a", "1");
    await store.compact(2);
    const cache = await start({ store: faulty });
    const watching = take(cache.watch("/r/", cache.revision, never), 1);
    breakWatch();
    await expect(watching).rejects.toMatchObject({ kind: "Gone" });
    const revision = await put("/r/b", "2");
    expect(await cache.waitFor(revision, 2000)).toBe(true);
    expect(cache.list("/r/").map((thing) => thing.key)).toEqual(["/r/a", "/r/b"]);
  });

  it("shows the old state whole until the new one is, and lets nobody watch across the gap", async () => {
    const faulty = new FaultyStore(store);
    for (let n = 0; n < 10; n++) await put(`/r/${n}`, "old");
    const cache = await start({ store: faulty });
    const before = cache.revision;
    const range = faulty.range.bind(faulty);
    const loading = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    faulty.range = async (prefix, options) => {
      loading.resolve();
      await held.promise;
      return range(prefix, options);
    };
    cache.reload();
    await loading.promise;
    await put("/r/0", "new");
    expect(cache.revision).toBe(before);
    expect(cache.list("/r/").map((thing) => thing.text)).toEqual(Array.from({ length: 10 }, () => "old"));
    const watching = take(cache.watch("/r/", before, never), 1);
    held.resolve();
    await expect(watching).rejects.toMatchObject({ kind: "Gone", code: "Store.TooOld" });
    expect(cache.get("/r/0")).toMatchObject({ text: "new" });
  });

  it("notices a change that it was not told of when it is told of the next one", async () => {
    const faulty = new FaultyStore(store, { hideEvent: 2 });
    const cache = await start({ store: faulty });
    await put("/r/a", "1");
    await put("/r/a", "hidden");
    const watching = take(cache.watch("/r/", cache.revision, never), 10);
    const revision = await remove("/r/a");
    await expect(watching).rejects.toMatchObject({ kind: "Gone" });
    expect(await cache.waitFor(revision, 1000)).toBe(true);
    expect(cache.size).toBe(0);
  });

  it("outlives a store that does not answer in time", async () => {
    const faulty = new FaultyStore(store);
    const cache = await start({ store: faulty });
    const range = faulty.range.bind(faulty);
    faulty.range = () => {
      faulty.range = range;
      return Promise.reject(new GantryError("DeadlineExceeded", "too late", { code: "Store.Timeout" }));
    };
    cache.reload();
    expect(await cache.waitFor(await put("/r/a", "1"), 2000)).toBe(true);
  });

  it("ends its watches and waits when it is stopped", async () => {
    const cache = await start();
    const watching = take(cache.watch("/r/", cache.revision, never), 1);
    const waiting = cache.waitFor(99, 10_000);
    await stops.pop()!();
    await expect(watching).rejects.toMatchObject({ kind: "Unavailable", code: "Store.CacheClosed" });
    expect(await waiting).toBe(false);
  });
});
