import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareTyped, wholeOf } from "./compare-typed.ts";
import { difference, type FieldSet } from "./field-set.ts";
import { fieldSetOf } from "./field-set-of.ts";
import { decodeFields, encodeFields } from "./fields-v1.ts";
import { mergeTyped } from "./merge-typed.ts";
import { reconcileSet } from "./reconcile-schema.ts";
import { removeItems } from "./remove-items.ts";
import { everySchema, struct, text } from "./test-kind.test-support.ts";
import { anySpec } from "./test-specs.test-support.ts";
import { CHANGES, MERGES, MISFITS, REMOVALS, SAID } from "./typed.table.ts";
import { validateTyped } from "./validate-typed.ts";

const specs = everySchema.map!.field("spec")!;
/** As text, for the order counts. */
const shown = (set: FieldSet) => JSON.stringify(encodeFields(set));
const sets = (before: unknown, after: unknown) => {
  const { added, modified, removed } = compareTyped(before, after, specs);
  return { added: shown(added), modified: shown(modified), removed: shown(removed) };
};
const copyOf = <T>(value: T): T => structuredClone(value);

describe("an object that does not fit", () => {
  it.each(MISFITS)("%j", (spec, message) => {
    expect(() => validateTyped({ spec }, everySchema, "configuration")).toThrow(
      expect.objectContaining({ name: "TypedError", message }),
    );
  });

  it("may have duplicates where it was stored with them", () => {
    expect(() => validateTyped({ tags: ["a", "a"] }, specs, "stored")).not.toThrow();
  });
});

describe("what a configuration says", () => {
  it.each(SAID)("%j", (spec, fields) => {
    validateTyped({ spec }, everySchema, "configuration");
    expect(shown(fieldSetOf(spec, specs))).toBe(JSON.stringify(fields));
  });

  it("counts duplicates once, and nothing in them", () => {
    const spec = {
      items: [
        { name: "x", v: "1" },
        { name: "x", v: "2" },
      ],
    };
    expect(shown(fieldSetOf(spec, specs))).toBe(JSON.stringify({ "f:items": { 'k:{"name":"x"}': {} } }));
  });
});

describe("a change", () => {
  it.each(CHANGES)("from %j to %j", (before, after, { added = {}, modified = {}, removed = {} }) => {
    const expected = { added, modified, removed };
    expect(sets(before, after)).toEqual(
      Object.fromEntries(Object.entries(expected).map(([name, fields]) => [name, JSON.stringify(fields)])),
    );
  });

  it("of nothing is none, and what one way adds the other removes", () => {
    fc.assert(
      fc.property(anySpec, anySpec, (a, b) => {
        expect(sets(a, copyOf(a))).toEqual({ added: "{}", modified: "{}", removed: "{}" });
        const [there, back] = [sets(a, b), sets(b, a)];
        expect(there).toEqual({ added: back.removed, modified: back.modified, removed: back.added });
      }),
    );
  });
});

describe("a merge", () => {
  it.each(MERGES)("of %j with %j", (spec, config, merged) => {
    const result = mergeTyped(spec, config, specs);
    if (merged === "same") expect(result).toBe(spec);
    else expect(result).toEqual(merged);
  });

  it("leaves both sides as they are, and is done once", () => {
    fc.assert(
      fc.property(anySpec, anySpec, (spec, config) => {
        const [specText, configText] = [spec, config].map((one) => JSON.stringify(one));
        const merged = mergeTyped(spec, config, specs);
        expect(JSON.stringify(spec)).toBe(specText);
        expect(JSON.stringify(config)).toBe(configText);
        expect(mergeTyped(merged, copyOf(config), specs)).toBe(merged);
        expect(mergeTyped(spec, copyOf(spec), specs)).toBe(spec);
      }),
    );
  });

  it("gives all that the configuration says, and loses nothing", () => {
    fc.assert(
      fc.property(anySpec, anySpec, (spec, config) => {
        const merged = mergeTyped(spec, config, specs);
        validateTyped(merged, specs, "configuration");
        expect(shown(difference(fieldSetOf(config, specs), wholeOf(merged, specs)))).toBe("{}");
        // A value of another type may take the place of what is not declared.
        const { removed } = compareTyped({ ...spec, any: {} }, { ...(merged as object), any: {} }, specs);
        expect(shown(removed)).toBe("{}");
      }),
    );
  });
});

describe("what is taken out", () => {
  it.each(REMOVALS)("of %j by %j", (spec, fields, left) => {
    const result = removeItems(spec, decodeFields(fields).set, specs);
    if (left === "same") expect(result).toBe(spec);
    else expect(result).toEqual(left);
  });
});

describe("a set that was written under another schema", () => {
  const schema = struct({
    map: struct({}, { element: text, isAtomic: true }),
    list: { list: { isAtomic: true, keys: [], element: text } },
    open: struct({ inner: struct({}, { element: text, isAtomic: true }) }, { element: text }),
  });

  it.each<[object, object]>([
    [{ "f:map": { ".": {}, "f:a": {} } }, { "f:map": {} }],
    [{ "f:map": { "f:a": {}, "f:b": {} } }, { "f:map": {} }],
    [{ "f:list": { 'v:"a"': {} } }, { "f:list": {} }],
    [{ "f:open": { "f:inner": { "f:a": {} }, "f:x": {} } }, { "f:open": { "f:inner": {}, "f:x": {} } }],
    [{ "f:gone": { "f:a": {} } }, { "f:gone": { "f:a": {} } }],
  ])("%j becomes %j", (fields, reconciled) => {
    expect(shown(reconcileSet(decodeFields(fields).set, schema))).toBe(JSON.stringify(reconciled));
  });

  it("stays as it is where there is nothing to do", () => {
    const { set } = decodeFields({ "f:map": {}, "f:open": { ".": {}, "f:inner": {}, "f:x": { "f:y": {} } } });
    expect(reconcileSet(set, schema)).toBe(set);
  });
});
