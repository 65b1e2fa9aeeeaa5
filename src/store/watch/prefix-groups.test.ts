import fc from "fast-check";
import { expect, it } from "vitest";
import { PrefixGroups } from "./prefix-groups.ts";

const key = fc.string({ unit: fc.constantFrom("a", "b", "/"), maxLength: 6 });

it("finds who watches a beginning of a key, and nobody else", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(key, fc.boolean())), fc.array(key), (watched, keys) => {
      const groups = new PrefixGroups<number>();
      const staying = new Map<number, string>();
      for (const [watcher, [prefix, leaves]] of watched.entries()) {
        const leave = groups.add(prefix, watcher);
        if (leaves) leave();
        else staying.set(watcher, prefix);
      }
      expect([...groups.all()].sort()).toEqual([...staying.keys()].sort());
      const told = new Map<number, string[]>();
      for (const [group, own] of groups.groupsFor(keys, (one) => one))
        for (const watcher of group) told.set(watcher, own);
      for (const [watcher, prefix] of staying) {
        expect(told.get(watcher) ?? []).toEqual(keys.filter((one) => one.startsWith(prefix)));
      }
      expect([...told.keys()].every((watcher) => staying.has(watcher))).toBe(true);
    }),
  );
});

it("asks as often as there are lengths of prefixes, however many are watched", () => {
  const groups = new PrefixGroups<number>();
  for (let n = 1000; n < 9000; n++) groups.add(`/registry/core/secrets/ns/${n}`, n);
  groups.add("/registry/core/secrets/", 0);
  let slices = 0;
  const text = "/registry/core/secrets/ns/1234";
  const counted = {
    length: text.length,
    slice: (start: number, end: number) => {
      slices++;
      return text.slice(start, end);
    },
  } as unknown as string;
  const found = [...groups.groupsFor([counted], (one) => one).keys()].flatMap((group) => [...group]);
  expect([found.sort(), slices]).toEqual([[0, 1234], 2]);
});
