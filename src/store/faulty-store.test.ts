import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../base/index.ts";
import { FaultyStore, openMemoryStore } from "./index.ts";

describe("FaultyStore", () => {
  let store: FaultyStore;
  beforeEach(async () => {
    store = new FaultyStore(await openMemoryStore({ logger: silentLogger }));
  });
  afterEach(() => store.close());

  const put = (key: string) => store.transact({ success: [{ type: "put", key, value: Buffer.from("1") }] });
  const keys = async () => (await store.range("")).items.map((item) => item.key);

  it("does the kth write and says that it failed", async () => {
    store.faults = { throwAfterWrite: 2 };
    await put("a");
    await expect(put("b")).rejects.toMatchObject({ code: "Store.Fault" });
    await put("c");
    expect(await keys()).toEqual(["a", "b", "c"]);
  });

  it("does nothing after the kth write", async () => {
    store.faults = { dieAfterWrite: 1 };
    await expect(put("a")).rejects.toMatchObject({ code: "Store.Fault" });
    await expect(put("b")).rejects.toMatchObject({ code: "Store.Fault" });
    expect(await keys()).toEqual(["a"]);
    store.faults = {};
    await put("c");
    expect(store.counts.writes).toBe(2);
  });

  it("hides the kth event, and serves the past", async () => {
    store.faults = { hideEvent: 2 };
    const watch = store.watch({ key: "", prefix: true, startRevision: 2 });
    for (const key of ["a", "b", "c"]) await put(key);
    const told: string[] = [];
    for await (const { events } of watch) {
      told.push(...events.map((event) => event.item.key));
      if (told.length === 2) break;
    }
    expect(told).toEqual(["a", "c"]);
    store.faults = { staleBy: 2 };
    expect(await keys()).toEqual(["a"]);
    expect((await store.get("c")).item).toBeUndefined();
  });
});
