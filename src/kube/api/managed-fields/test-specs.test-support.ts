import fc from "fast-check";

const names = fc.constantFrom("x", "y", "z");
const words = fc.constantFrom("a", "b", "c", "");
const some = <T>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(fields, { requiredKeys: [] });
const tags = fc.uniqueArray(words, { maxLength: 4 });

const item = fc
  .tuple(names, some({ v: words, port: fc.integer({ max: 9, min: 1 }), tags }))
  .map(([name, rest]) => ({ name, ...rest }));

const loose = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom(1, "a", true, null),
    fc.array(fc.constantFrom(1, "a"), { maxLength: 2 }),
    fc.dictionary(names, tie("value"), { maxKeys: 3 }),
  ),
}));

/** A spec of the kind that has one of everything; it fits. */
export const anySpec: fc.Arbitrary<Record<string, unknown>> = some({
  color: words,
  max: fc.integer({ min: 0, max: 3 }),
  on: fc.boolean(),
  free: fc.oneof(words, fc.constantFrom(1, 2)),
  tags,
  items: fc.uniqueArray(item, { maxLength: 3, selector: ({ name }) => name }),
  ports: fc.uniqueArray(
    fc.record({ port: fc.integer({ min: 1, max: 3 }), v: words }, { requiredKeys: ["port"] }),
    { maxLength: 3, selector: ({ port, v = "TCP" }) => `${port}/${v}` },
  ),
  args: fc.array(words, { maxLength: 2 }),
  labels: fc.dictionary(names, words, { maxKeys: 3 }),
  whole: some({ a: words, b: words }),
  nest: some({ a: words, deep: some({ x: words, y: fc.integer({ min: 0, max: 3 }) }) }),
  any: fc.dictionary(names, loose.value, { maxKeys: 3 }),
});
