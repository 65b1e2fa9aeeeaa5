import { describe, expect, it } from "vitest";
import { systemClock } from "../../base/index.ts";
import type { CacheUsage } from "../solver/types.ts";
import { cacheFilter } from "./cache-filter.ts";
import { collectionPolicy } from "./collection-policy.ts";
import { bytesToKeep, pruneCache } from "./prune.ts";
import { SharedRuns } from "./shared-runs.ts";

const usage: CacheUsage = {
  id: "abc",
  parents: ["p1", "p2"],
  description: "cached mount /root/.cache, for go",
  recordType: "exec.cachemount",
  sizeBytes: 10,
  createdAtMs: 0,
  lastUsedAtMs: 0,
  usageCount: 1,
  mutable: true,
  inUse: false,
  shared: false,
};

describe("filters of the cache", () => {
  it.each([
    [[], true],
    [["type==exec.cachemount"], true],
    [["type==regular"], false],
    [["type!=regular"], true],
    [["type==regular", "type==exec.cachemount"], true],
    [["type==exec.cachemount,mutable"], true],
    [["type==exec.cachemount,immutable"], false],
    [["mutable,private"], true],
    [["shared"], false],
    [["inuse"], false],
    [["id==abc"], true],
    [["id~=^a"], true],
    [["id~=^b"], false],
    [["parents==p1;p2"], true],
    [['description=="cached mount /root/.cache, for go"'], true],
    [["description~=go$"], true],
    [["nonsense"], false],
    [["nonsense!=x"], true],
  ])("%j: %s", (filters, expected) => expect(cacheFilter(filters)(usage)).toBe(expected));

  it.each([["=="], ["type=x"], ["type==a b"], ["id~=("], ['type=="open']])("refuses %s", (filter) =>
    expect(() => cacheFilter([filter])(usage)).toThrow(`failed to parse prune filters [${filter}]`),
  );
});

describe("how much of the cache is kept", () => {
  it.each([
    // total, free, options, kept
    [100, 50, {}, undefined],
    [100, 50, { maxUsedSpaceBytes: 30 }, 30],
    [100, 50, { reservedSpaceBytes: 40 }, 40],
    [100, 50, { maxUsedSpaceBytes: 30, reservedSpaceBytes: 40 }, 40],
    [100, 50, { minFreeSpaceBytes: 60 }, 90],
    [100, 50, { minFreeSpaceBytes: 40 }, 0],
    [100, 50, { minFreeSpaceBytes: 80, maxUsedSpaceBytes: 75 }, 70],
    [100, 50, { minFreeSpaceBytes: 500, reservedSpaceBytes: 20 }, 20],
  ])("of %d with %d free: %j", (total, free, options, kept) =>
    expect(bytesToKeep(total, free, { all: true, ...options })).toBe(kept),
  );

  it("has rules that leave what was used of late alone first", () => {
    const [first, second] = collectionPolicy(1e12);
    expect(first).toMatchObject({ keepDurationMs: 172_800_000, maxUsedSpaceBytes: 512e6 });
    expect(second).toMatchObject({
      reservedSpaceBytes: 10e9,
      maxUsedSpaceBytes: 100e9,
      minFreeSpaceBytes: 2e11,
    });
  });
});

/** A cache of these things, and what is left of it. */
function cacheOf(items: Partial<CacheUsage>[]) {
  const left = new Map(
    items.map((item, index) => [item.id ?? `${index}`, { ...usage, id: `${index}`, parents: [], ...item }]),
  );
  const parts = {
    results: {
      all: () =>
        [...left.values()].map((item) => ({
          ...item,
          ownLayers: [item.id],
          outputs: [[...item.parents, item.id].map((diffId) => ({ diffId }))],
          keys: [],
        })),
      sizeOf: ({ sizeBytes }: CacheUsage) => sizeBytes,
      isInUse: ({ inUse }: CacheUsage) => inUse,
      remove: async (id: string) => void left.delete(id),
    },
    images: { isLayerOfImage: (id: string) => left.get(id)?.shared ?? false },
    locals: { list: async () => [] },
    cacheMounts: { list: () => [] },
    repositories: { list: async () => [] },
    clock: { nowMs: () => 1000 },
  };
  return { parts: parts as never, names: () => [...left.keys()] };
}

describe("pruning", () => {
  const chain = [
    { id: "base", sizeBytes: 10, lastUsedAtMs: 1 },
    { id: "middle", parents: ["base"], sizeBytes: 10, lastUsedAtMs: 2 },
    { id: "top", parents: ["middle"], sizeBytes: 10, lastUsedAtMs: 3 },
    { id: "other", sizeBytes: 10, lastUsedAtMs: 900 },
  ];

  it.each([
    ["everything", {}, []],
    [
      "down to a size, what is oldest and carries nothing first",
      { maxUsedSpaceBytes: 20 },
      ["base", "other"],
    ],
    ["what was not used for long", { keepDurationMs: 500 }, ["other"]],
    [
      "what a filter takes and nothing lies on",
      { filters: ["id==base", "id==other"] },
      ["base", "middle", "top"],
    ],
  ])("removes %s", async (_what, options, left) => {
    const { parts, names } = cacheOf(chain);
    await pruneCache(parts, { all: true, ...options }, "/");
    expect(names()).toEqual(left);
  });

  it("leaves alone what is in use, and what images share unless all is meant", async () => {
    const { parts, names } = cacheOf([
      { id: "used", inUse: true },
      { id: "shared", shared: true },
      { id: "free" },
    ]);
    const removed = await pruneCache(parts, { all: false }, "/");
    expect(removed.map(({ id }) => id)).toEqual(["free"]);
    expect(names()).toEqual(["used", "shared"]);
    await pruneCache(parts, { all: true }, "/");
    expect(names()).toEqual(["used"]);
  });
});

describe("shared runs", () => {
  const participant = () => {
    const abort = new AbortController();
    return { signal: abort.signal, abort: () => abort.abort(new Error("gone")) };
  };

  it("lets go of a result after all have taken it", async () => {
    const told: string[] = [];
    const runs = new SharedRuns<ReturnType<typeof participant>, string>(() => told.push("let go"));
    const gate = Promise.withResolvers<string>();
    const all = ["a", "b"].map((name) =>
      runs.run(
        "key",
        participant(),
        () => gate.promise,
        (result) => told.push(`${name} took ${result}`),
      ),
    );
    gate.resolve("it");
    await Promise.all(all);
    expect(told).toEqual(["a took it", "b took it", "let go"]);
  });

  it("does it again with another's means when the one whose means it used has gone", async () => {
    const runs = new SharedRuns<ReturnType<typeof participant>, number>(() => {});
    const [first, second] = [participant(), participant()];
    let tries = 0;
    const work = async ({ leader }: { leader: unknown }) => {
      if (++tries === 1) {
        await systemClock.sleep(20);
        throw new Error("the session is over");
      }
      return leader === second ? tries : -1;
    };
    const one = runs.run("key", first, work, (result) => result);
    one.catch(() => {});
    const two = runs.run("key", second, work, (result) => result);
    first.abort();
    await expect(one).rejects.toThrow("gone");
    expect(await two).toBe(2);
  });

  it("passes a failure on to all, and begins anew for the next", async () => {
    const runs = new SharedRuns<ReturnType<typeof participant>, number>(() => {});
    const failing = () =>
      runs.run(
        "key",
        participant(),
        async () => Promise.reject(new Error("no")),
        () => 0,
      );
    await Promise.all([expect(failing()).rejects.toThrow("no"), expect(failing()).rejects.toThrow("no")]);
    expect(
      await runs.run(
        "key",
        participant(),
        async () => 7,
        (result) => result,
      ),
    ).toBe(7);
  });

  it("waits for the work to clean up when the last one goes", async () => {
    const runs = new SharedRuns<ReturnType<typeof participant>, number>(() => {});
    const only = participant();
    let isClean = false;
    const running = runs.run(
      "key",
      only,
      async ({ signal }) => {
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        await systemClock.sleep(20);
        isClean = true;
        throw signal.reason;
      },
      () => 0,
    );
    await systemClock.sleep(5);
    only.abort();
    await expect(running).rejects.toThrow("gone");
    expect(isClean).toBe(true);
  });
});
