import fc from "fast-check";
import { expect, it } from "vitest";
import { SortedItems } from "./sorted-items.ts";

it("counts what starts with a prefix without going through it", () => {
  const items = new SortedItems<{ key: string }>();
  for (let n = 0; n < 3000; n++) items.set({ key: `/r/core/pods/ns-${n % 3}/p-${n}` });
  for (let n = 0; n < 700; n++) items.set({ key: `/r/apps/x/${n}` });
  items.delete("/r/core/pods/ns-0/p-0");
  expect(items.countWithPrefix("/r/core/pods/")).toBe(2999);
  expect(items.countWithPrefix("/r/core/pods/ns-0/")).toBe(999);
  expect(items.countWithPrefix("/r/apps/x/")).toBe(700);
  expect(items.countWithPrefix("/r/none/")).toBe(0);
  expect(items.countWithPrefix("/z/")).toBe(0);
  expect(new SortedItems().countWithPrefix("/r/")).toBe(0);
});

it("counts as many as there are", () => {
  const key = fc
    .array(fc.constantFrom("a", "b", "/", "\u{1f600}", "\uffff"), { maxLength: 4 })
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(fc.array(key, { maxLength: 40 }), key, (keys, prefix) => {
      const items = new SortedItems<{ key: string }>();
      for (const one of keys) items.set({ key: one });
      expect(items.countWithPrefix(prefix)).toBe([...items.withPrefix(prefix)].length);
    }),
  );
});
