import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CachedItems } from "./watch-cache-items.ts";

const keys = fc.stringMatching(/^\/[ab]\/[ab]{0,2}$/);
const steps = fc.oneof(
  fc.record({ type: fc.constant("put" as const), key: keys }),
  fc.record({ type: fc.constant("delete" as const), key: keys }),
  fc.record({
    type: fc.constant("list" as const),
    key: fc.constantFrom("/", "/a", "/a/", "/b/", "/a/b", "/c"),
  }),
);

describe("items of a watch cache", () => {
  it("are listed as they are now, whatever was listed before", () => {
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 60 }), (all) => {
        const items = new CachedItems<string>();
        const model = new Map<string, string>();
        for (const [revision, { type, key }] of all.entries()) {
          const object = `${key}@${revision}`;
          if (type === "put") {
            items.put({ key, revision, object });
            model.set(key, object);
          } else if (type === "delete") {
            items.delete(key);
            model.delete(key);
          } else {
            const inOrder = [...model].sort(([one], [other]) => (one < other ? -1 : 1));
            const expected = inOrder.filter(([one]) => one.startsWith(key)).map(([, value]) => value);
            expect(items.list(key)).toEqual(expected);
          }
        }
      }),
    );
  });

  it("are listed once as long as none of them changes", () => {
    const items = new CachedItems<string>();
    const put = (key: string) => items.put({ key, revision: 1, object: key });
    put("/a/1");
    put("/b/1");
    const listed = items.list("/a/");
    put("/b/2");
    items.delete("/b/1");
    expect(items.list("/a/")).toBe(listed);
    put("/a/1");
    expect(items.list("/a/")).not.toBe(listed);
  });
});
