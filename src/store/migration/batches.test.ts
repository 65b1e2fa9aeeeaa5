import { expect, it } from "vitest";
import { batchesOf } from "./batches.ts";

it("makes batches within the limits, and lets a large item stand alone", () => {
  const item = (key: string, bytes: number) => ({ key, value: Buffer.alloc(bytes) });
  const items = [item("a", 100), item("b", 100), item("c", 5000), item("d", 1), item("e", 1), item("f", 1)];
  const keys = (limits: { maxItems: number; maxBytes: number }) =>
    [...batchesOf(items, limits)].map((batch) => batch.map(({ key }) => key).join(""));
  expect(keys({ maxItems: 100, maxBytes: 1000 })).toEqual(["ab", "c", "def"]);
  expect(keys({ maxItems: 2, maxBytes: 100_000 })).toEqual(["ab", "cd", "ef"]);
  expect(keys({ maxItems: 2, maxBytes: 10 })).toEqual(["a", "b", "c", "d", "e", "f"]);
  expect([...batchesOf([], { maxItems: 2, maxBytes: 10 })]).toEqual([]);
});
