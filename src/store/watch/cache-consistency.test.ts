import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../base/index.ts";
import { checkCache, FaultyStore, openMemoryStore, type Store, WatchCache } from "../index.ts";

let store: Store;
let faulty: FaultyStore;
let cache: WatchCache<Buffer>;
let stop: () => Promise<void>;

beforeEach(async () => {
  store = await openMemoryStore({ logger: silentLogger });
  faulty = new FaultyStore(store);
  for (let n = 0; n < 20; n++) await put(`/r/${n % 2 === 0 ? "even" : "odd"}/${n}`, `${n}`);
  cache = new WatchCache<Buffer>({
    store: faulty,
    prefix: "/r/",
    decode: (_key, value) => Buffer.from(value),
    logger: silentLogger,
  });
  const controller = new AbortController();
  let done!: Promise<void>;
  await new Promise<void>((ready) => {
    done = cache.run({ signal: controller.signal, ready });
  });
  stop = async () => {
    controller.abort();
    await done;
  };
});
afterEach(async () => {
  await stop();
  await store.close();
});

const put = async (key: string, value: string) =>
  (await store.transact({ success: [{ type: "put", key, value: Buffer.from(value) }] })).revision;
const remove = async (key: string) => (await store.transact({ success: [{ type: "delete", key }] })).revision;
const groupOf = (key: string) => key.split("/")[2]!;
const check = () => checkCache({ store, cache, prefix: "/r/", groupOf });

/** Has the cache miss the next change. */
async function hidden(change: () => Promise<number>): Promise<number> {
  faulty.faults = { hideEvent: faulty.counts.events + 1 };
  const revision = await change();
  await cache.waitFor(await put("/r/odd/last", "x"), 1000);
  return revision;
}

describe("checkCache", () => {
  it("finds a whole cache equal, group by group, while it goes on changing", async () => {
    const checking = check();
    for (let n = 0; n < 20; n += 2) await remove(`/r/even/${n}`);
    expect(await checking).toEqual({
      revision: 21,
      groups: new Map([
        ["even", { keys: 10, differences: 0, first: undefined }],
        ["odd", { keys: 10, differences: 0, first: undefined }],
      ]),
    });
    await cache.waitFor(31, 1000);
    expect((await check())?.groups.get("even")).toBeUndefined();
  });

  it.each([
    ["creation", "/r/even/new", () => put("/r/even/new", "1"), undefined, "revision"],
    ["change", "/r/even/4", () => put("/r/even/4", "1"), 6, "revision"],
    ["deletion", "/r/even/8", () => remove("/r/even/8"), 10, undefined],
  ] as const)("finds a hidden %s", async (_name, key, change, inCache, inStore) => {
    const revision = await hidden(change);
    const groups = (await check())!.groups;
    expect(groups.get("even")).toMatchObject({
      differences: 1,
      first: { key, inCache, inStore: inStore && revision },
    });
    expect(groups.get("odd")).toMatchObject({ differences: 0 });
  });

  it("finds bytes that changed in memory, where they are compared", async () => {
    cache.get("/r/even/4")![0] = 0;
    expect((await check())?.groups.get("even")).toMatchObject({ differences: 0 });
    const options = { store, cache, prefix: "/r/", groupOf, bytesOf: (bytes: Buffer) => bytes };
    expect((await checkCache(options))?.groups.get("even")).toMatchObject({
      differences: 1,
      first: { key: "/r/even/4", inCache: 6, inStore: 6 },
    });
  });

  it("tries again at a newer revision when the one of the cache is compacted meanwhile", async () => {
    const range = faulty.range.bind(faulty);
    let asked = 0;
    faulty.range = async (prefix, options) => {
      if (asked++ === 0) {
        const revision = await put("/r/odd/1", "again");
        await cache.waitFor(revision, 1000);
        await store.compact(revision);
      }
      return range(prefix, options);
    };
    const report = await checkCache({ store: faulty, cache, prefix: "/r/", groupOf });
    expect(report).toMatchObject({ revision: 22 });
    expect(asked).toBe(2);
  });

  it("has the cache load anew, and its watchers list again", async () => {
    const revision = await hidden(() => put("/r/even/4", "hidden"));
    const watching = cache.watch("/r/", cache.revision, new AbortController().signal)[Symbol.asyncIterator]();
    cache.reload();
    await expect(watching.next()).rejects.toMatchObject({ kind: "Gone" });
    await cache.waitFor(revision, 1000);
    expect(cache.get("/r/even/4")?.toString()).toBe("hidden");
    expect((await check())?.groups.get("even")).toMatchObject({ differences: 0 });
  });
});
