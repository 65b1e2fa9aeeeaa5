import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonEquals } from "../../../formats/index.ts";
import type { ManagedFieldsEntry } from "../generated/types.ts";
import type { KubeObject } from "../types.ts";
import { wholeOf } from "./compare-typed.ts";
import { difference, fieldSetOfPaths, union } from "./field-set.ts";
import { fieldSetOf } from "./field-set-of.ts";
import { decodeFields, encodeFields } from "./fields-v1.ts";
import { manageApply } from "./manage-apply.ts";
import { manageUpdate } from "./manage-update.ts";
import { pruneLast } from "./prune.ts";
import { stripMeta } from "./strip-meta.ts";
import { everyKind, everySchema } from "./test-kind.test-support.ts";
import { anySpec as anySpecAtAll } from "./test-specs.test-support.ts";

type Spec = Record<string, unknown>;
type Every = KubeObject & { spec?: Spec };
const identity = { apiVersion: everyKind.apiVersion, kind: everyKind.kind };
const objectOf = (spec: Spec, metadata: object = { name: "e" }) =>
  ({ ...identity, metadata, spec }) as unknown as Every;

const apply = (live: Every | undefined, manager: string, spec: Spec, isForced = true) =>
  manageApply({
    kind: everyKind,
    live,
    manager,
    config: objectOf(spec) as never,
    nowMs: 0,
    isForced,
  }) as Every;
const update = (live: Every | undefined, manager: string, spec: Spec) =>
  manageUpdate({ kind: everyKind, live, manager, next: objectOf(spec, live?.metadata), nowMs: 0 }) as Every;

/** As it is read again: null and empty parts of the spec are left out. */
function stored(object: Every): Every {
  return { ...object, spec: (solid(object.spec) ?? {}) as Spec, metadata: { ...object.metadata, uid: "1" } };
}

const asItIs = (object: Every): Every => ({ ...object, metadata: { ...object.metadata, uid: "1" } });

function solid(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value ?? undefined;
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map((item) => solid(item) ?? "");
  const parts = Object.entries(value).map(([key, one]) => [key, solid(one)]);
  const kept = parts.filter(([, one]) => one !== undefined);
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

/** Empty maps do not outlive the server's decoder, so that two that apply one can conflict: they are another matter. */
const anySpec = anySpecAtAll.map((spec) => (solid(spec) ?? {}) as Spec);

const entriesOf = (object: KubeObject) => (object.metadata.managedFields ?? []) as ManagedFieldsEntry[];
const setsOf = (object: KubeObject) => entriesOf(object).map(({ fieldsV1 }) => decodeFields(fieldsV1).set);

/** Lists of items in any order are the same. */
function unordered(value: unknown): unknown {
  if (Array.isArray(value))
    return value.map(unordered).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, unordered(one)]));
}

/** A spec whose values follow from where they stand, so that two of them never contradict one another. */
const agreed = anySpec.map(({ args: _a, whole: _w, any: _y, ports, ...spec }): Spec => {
  const settled = settle({ ...spec, color: "" }) as Spec;
  return ports === undefined ? settled : { ...settled, ports };
});

function settle(value: unknown, key = ""): unknown {
  if (Array.isArray(value)) return value.map((item) => settle(item, key));
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, settle(one, name)]));
  if (key === "tags" || key === "name") return value;
  if (key === "free") return "s";
  return typeof value === "number" ? 1 : typeof value === "string" ? "s" : true;
}

const step = fc.record({
  how: fc.constantFrom("apply", "update"),
  manager: fc.constantFrom("a", "b", "c"),
  spec: anySpec,
});
const history = fc.array(step, { minLength: 1, maxLength: 5 });

function replay(steps: { how: string; manager: string; spec: Spec }[], keep = stored): Every {
  let live: Every | undefined;
  for (const { how, manager, spec } of steps)
    live = keep((how === "apply" ? apply : update)(live, manager, spec));
  return live!;
}

describe("whatever happened to an object before", () => {
  it("what is applied once is not changed by applying it again", () => {
    fc.assert(
      fc.property(history, anySpec, (steps, spec) => {
        const applied = stored(apply(replay(steps), "a", spec));
        expect(stored(apply(applied, "a", structuredClone(spec), false))).toEqual(applied);
      }),
    );
  });

  it("what is applied stands there, and its manager owns it", () => {
    fc.assert(
      fc.property(history, anySpec, (steps, spec) => {
        const applied = apply(replay(steps), "new", spec);
        const said = stripMeta(fieldSetOf(objectOf(spec), everySchema));
        expect(encodeFields(difference(said, wholeOf(applied, everySchema)))).toEqual({});
        const own = entriesOf(applied).find(({ manager }) => manager === "new");
        expect(own?.fieldsV1 ?? {}).toEqual(encodeFields(said));
      }),
    );
  });

  it("nobody owns what is not there, nor what another one changed", () => {
    fc.assert(
      fc.property(history, (steps) => {
        const object = replay(steps, asItIs);
        const there = union(wholeOf(object, everySchema), fieldSetOf(object, everySchema));
        for (const set of setsOf(object)) expect(encodeFields(difference(set, there))).toEqual({});
        const appliers = entriesOf(object).filter(({ operation }) => operation === "Apply");
        expect(new Set(appliers.map(({ manager }) => manager)).size).toBe(appliers.length);
      }),
    );
  });

  it("an update that changes nothing leaves the managers as they are", () => {
    fc.assert(
      fc.property(history, (steps) => {
        const object = replay(steps);
        expect(update(object, "other", structuredClone(object.spec!))).toEqual(object);
      }),
    );
  });

  it("whoever applies all that it owned loses nothing on the long way round", () => {
    fc.assert(
      fc.property(history, agreed, (steps, spec) => {
        const applied = apply(replay(steps), "a", spec);
        const own = setsOf(applied)[entriesOf(applied).findIndex(({ manager }) => manager === "a")];
        const last = { set: own ?? fieldSetOfPaths([]), apiVersion: everyKind.apiVersion, isApplied: true };
        const managers = new Map(setsOf(applied).map((set, at) => [String(at), { ...last, set }]));
        const pruned = pruneLast(
          { merged: applied, managers, last, applied: last, versions: everyKind.versions },
          last,
        );
        expect(jsonEquals(pruned, applied)).toBe(true);
      }),
    );
  });
});

describe("who creates an object", () => {
  const odd = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.constantFrom(1, "a", "", true, null),
      fc.array(tie("value"), { maxLength: 2 }),
      fc.dictionary(fc.constantFrom("x", "name", "port", "v", "tags"), tie("value"), { maxKeys: 3 }),
    ),
  })).value;
  const oddSpec = fc.dictionary(
    fc.constantFrom("color", "free", "tags", "items", "ports", "args", "labels", "whole", "nest", "any"),
    odd,
    { maxKeys: 4 },
  );
  const anySpecOrOdd = fc.oneof(anySpecAtAll, oddSpec) as fc.Arbitrary<Spec>;

  /** The same, where some of the keys and values are others. */
  function variant(value: unknown, coins: Iterator<number>): unknown {
    const other = (text: string) => (coins.next().value === 0 ? `${text}~` : text);
    if (Array.isArray(value)) return value.map((one) => variant(one, coins));
    if (typeof value === "object" && value !== null)
      return Object.fromEntries(Object.entries(value).map(([key, one]) => [other(key), variant(one, coins)]));
    return typeof value === "string" && value !== "" ? other(value) : value;
  }

  it("owns what its shape says, whatever was created before and whatever an empty object has", () => {
    fc.assert(
      fc.property(
        fc.array(anySpecOrOdd, { minLength: 1, maxLength: 3 }),
        fc.infiniteStream(fc.nat(3)),
        (specs, coins) => {
          const spec = variant(specs[0], coins);
          const kind = { ...everyKind, empty: { ...identity, metadata: {}, spec } };
          for (const one of specs.flatMap((of) => [of, variant(of, coins), variant(of, coins)])) {
            const next = objectOf(one as Spec);
            const created = (of: typeof everyKind) =>
              manageUpdate({ kind: of, live: undefined, manager: "a", next, nowMs: 0 }).metadata
                .managedFields;
            // Of another kind no shape is known.
            expect(created(kind)).toEqual(created({ ...kind }));
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it("may be told of by an entry that others have, too: nobody changes it", () => {
    const [first, second] = ["a", "b"].map((color) => entriesOf(update(undefined, "m", { color }))[0]!);
    expect(first).toEqual(second);
    expect(Object.isFrozen(first!.fieldsV1)).toBe(true);
    expect(Object.values(first!.fieldsV1!).every(Object.isFrozen)).toBe(true);
  });
});

describe("appliers that agree", () => {
  it("may come in any order", () => {
    fc.assert(
      fc.property(agreed, agreed, (a, b) => {
        const both = (first: string, one: Spec, second: string, other: Spec) =>
          stored(apply(stored(apply(undefined, first, one)), second, other, false));
        const shown = (object: Every) =>
          unordered([object.spec, entriesOf(object).map(({ time: _, ...entry }) => entry)]);
        expect(shown(both("a", a, "b", b))).toEqual(shown(both("b", b, "a", a)));
      }),
    );
  });

  it("leave what the others applied when they go, and nothing else", () => {
    fc.assert(
      fc.property(agreed, agreed, (a, b) => {
        const alone = stored(apply(undefined, "a", a));
        const left = stored(apply(stored(apply(alone, "b", b, false)), "b", {}, false));
        expect(unordered(left.spec)).toEqual(unordered(alone.spec));
      }),
    );
  });
});
