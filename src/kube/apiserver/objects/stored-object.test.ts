import { expect, it } from "vitest";
import { encodeForStore, StoredObject } from "./stored-object.ts";

const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`key-${n}`, ""]));

it("is parsed in turns where it is big, once for all who ask, and is the same as at once", async () => {
  const object = {
    kind: "ConfigMap",
    apiVersion: "v1",
    metadata: { name: "s", labels: { a: "b" } },
    data: keys(3000),
  };
  const stored = new StoredObject("/registry/core/configmaps/default/s", encodeForStore(object as never), 7);
  expect(stored.isAtHand).toBe(false);
  await Promise.all([stored.load(), stored.load()]);
  expect(stored.isAtHand).toBe(true);
  expect(stored.object).toEqual(new StoredObject(stored.key, stored.bytes, 7).object);
  expect([Object.isFrozen(stored.object), Object.isFrozen(stored.object.metadata.labels)]).toEqual([
    true,
    true,
  ]);
});
