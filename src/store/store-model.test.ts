import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { silentLogger } from "../base/index.ts";
import { openLmdbStore } from "./embedded/lmdb-store.ts";
import { openMemoryStore } from "./embedded/memory-store.ts";
import { SortedItems } from "./embedded/sorted-items.ts";
import type { Operation, Store, TransactionRequest, WatchBatch } from "./types.ts";

const KEYS = ["a", "a/1", "a/2", "b", "é/1", "\u{1f9c0}", "\uffee"];
const key = fc.constantFrom(...KEYS);
const prefix = fc.constantFrom("", "a", "a/", "b", "é", "none");
const value = fc.uint8Array({ maxLength: 20 });
const back = fc.nat({ max: 6 });

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ type: fc.constant("put" as const), key, value }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("delete" as const), key }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("deletePrefix" as const), prefix }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("get" as const), key }) },
);
const request: fc.Arbitrary<TransactionRequest> = fc.record({
  compare: fc.array(
    fc.record({
      key,
      target: fc.constantFrom("modRevision" as const, "createRevision" as const, "version" as const),
      operator: fc.constantFrom("=" as const, "!=" as const, "<" as const, ">" as const),
      value: fc.nat({ max: 12 }),
    }),
    { maxLength: 2 },
  ),
  success: fc.array(operation, { minLength: 1, maxLength: 3 }),
  failure: fc.array(operation, { maxLength: 2 }),
});

type Step =
  | { do: "transact"; requests: TransactionRequest[] }
  | { do: "range"; prefix: string; limit: number; startAfter: string; back: number }
  | { do: "watch"; prefix: string; back: number }
  | { do: "compact"; back: number }
  | { do: "reopen" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("transact" as const),
      requests: fc.array(request, { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("range" as const),
      prefix,
      limit: fc.nat({ max: 3 }),
      startAfter: fc.constantFrom("", ...KEYS),
      back,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("watch" as const), prefix, back }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("compact" as const), back }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("reopen" as const) }) },
);

/** What a store answers, errors included, in a form that compares. */
async function answer(run: () => Promise<unknown>): Promise<unknown> {
  try {
    return JSON.parse(
      JSON.stringify(await run(), (_, one) =>
        one instanceof Uint8Array ? [...one] : one?.type === "Buffer" ? one.data : one,
      ),
    );
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

async function pastEvents(store: Store, key: string, startRevision: number): Promise<WatchBatch[]> {
  const { revision } = await store.status();
  const batches: WatchBatch[] = [];
  for await (const batch of store.watch({ key, prefix: true, startRevision, everyRevision: true })) {
    if (batch.events.length > 0) batches.push(batch);
    if (batch.revision >= revision) break;
  }
  return batches;
}

async function doStep(store: Store, one: Exclude<Step, { do: "reopen" }>): Promise<unknown> {
  const { revision } = await store.status();
  switch (one.do) {
    case "transact":
      return Promise.all(one.requests.map((request) => answer(() => store.transact(request))));
    case "range": {
      const { limit, startAfter } = one;
      const options = {
        limit,
        ...(startAfter ? { startAfter } : {}),
        revision: Math.max(0, revision - one.back),
      };
      return answer(() => store.range(one.prefix, options));
    }
    case "watch":
      // A watch from the future would wait.
      return revision - one.back < 1
        ? "too early"
        : answer(() => pastEvents(store, one.prefix, revision - one.back));
    case "compact":
      return answer(() => store.compact(revision - one.back));
  }
}

describe("memory and LMDB stores", () => {
  it("answer alike whatever is done to them", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        const dir = mkdtempSync(join(tmpdir(), "gantry-model-"));
        const options = { logger: silentLogger, keepHistoryMs: 0 };
        const memory = await openMemoryStore(options);
        let lmdb = await openLmdbStore({ ...options, dir });
        try {
          for (const one of steps) {
            if (one.do === "reopen") {
              await lmdb.close();
              lmdb = await openLmdbStore({ ...options, dir });
            } else {
              const [fromMemory, fromLmdb] = [await doStep(memory, one), await doStep(lmdb, one)];
              expect(fromLmdb).toEqual(fromMemory);
            }
          }
          expect(await lmdb.check()).toEqual([]);
        } finally {
          await memory.close();
          await lmdb.close();
          rmSync(dir, { recursive: true });
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe("SortedItems", () => {
  it("holds what a sorted map would hold", () => {
    const change = fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 3000 }));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 3000, size: "max" }), (changes) => {
        const items = new SortedItems<{ key: string; n: number }>();
        const model = new Map<string, number>();
        changes.forEach(([add, number], n) => {
          const key = String(number);
          if (add) {
            items.set({ key, n });
            model.set(key, n);
          } else expect(items.delete(key)).toBe(model.delete(key));
        });
        const sorted = [...model].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, n]) => ({ key, n }));
        expect([...items.withPrefix("")]).toEqual(sorted);
        expect([...items.withPrefix("12")]).toEqual(sorted.filter(({ key }) => key.startsWith("12")));
        expect(items.size).toBe(model.size);
      }),
      { numRuns: 20 },
    );
  });
});
