import { describe, expect, it } from "vitest";
import type { ManagedFieldsEntry } from "../generated/types.ts";
import type { KubeObject } from "../types.ts";
import { defaultManager } from "./default-manager.ts";
import { excludeFields, includeFields } from "./field-filter.ts";
import { keepTimes } from "./keep-times.ts";
import { manageApply } from "./manage-apply.ts";
import { manageUpdate } from "./manage-update.ts";
import type { ManagedKind } from "./managed-kind.ts";
import { everyKind, everySchema } from "./test-kind.test-support.ts";

const START = Date.UTC(2024, 0, 1);
const identity = { apiVersion: everyKind.apiVersion, kind: everyKind.kind };
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

const objectOf = (fields: object, metadata: object = {}) =>
  ({ ...identity, ...fields, metadata: { name: "e", ...metadata } }) as unknown as KubeObject;
type Stored = KubeObject & { spec?: object };
const asStored = (object: KubeObject): Stored => ({ ...object, metadata: { ...object.metadata, uid: "1" } });

const manages: ManagedFieldsEntry = {
  manager: "a",
  operation: "Apply",
  apiVersion: everyKind.apiVersion,
  fieldsType: "FieldsV1",
  fieldsV1: { "f:spec": { "f:max": {} } },
};

interface Ask {
  live?: KubeObject;
  manager?: string;
  second?: number;
  force?: true;
  kind?: ManagedKind;
}

const request = ({ live, manager = "m", second = 0, kind = everyKind }: Ask) => ({
  kind,
  live,
  manager,
  nowMs: START + second * 1000,
});
const apply = (fields: object, ask: Ask = {}, metadata?: object) =>
  asStored(
    manageApply({
      ...request(ask),
      config: objectOf(fields, metadata) as never,
      isForced: ask.force === true,
    }),
  );
const update = (fields: object, ask: Ask = {}, metadata?: object) =>
  asStored(manageUpdate({ ...request(ask), next: objectOf(fields, metadata) }));

const entriesOf = (object: KubeObject) => (object.metadata.managedFields ?? []) as ManagedFieldsEntry[];
const timesOf = (object: KubeObject) =>
  Object.fromEntries(entriesOf(object).map(({ manager, time }) => [manager, time?.slice(17, 19)]));
const fieldsOf = (object: KubeObject) =>
  Object.fromEntries(entriesOf(object).map(({ manager, fieldsV1 }) => [manager, fieldsV1]));

describe("the time of a manager", () => {
  it("is that of its last change, and no change of others", () => {
    const first = apply({ spec: { color: "a", max: 1 } }, { manager: "a" });
    const second = update(
      { spec: { color: "b", max: 1 } },
      { live: first, manager: "u", second: 1 },
      first.metadata,
    );
    expect(timesOf(second)).toEqual({ a: "00", u: "01" });
    const third = apply({ spec: { max: 1 } }, { live: second, manager: "a", second: 2 });
    expect(timesOf(third)).toEqual({ a: "00", u: "01" });
    const fourth = apply({ spec: { max: 2 } }, { live: third, manager: "a", second: 3 });
    expect(timesOf(fourth)).toEqual({ a: "03", u: "01" });
  });

  it("is not told of one that never changed anything", () => {
    const live = apply({ spec: { max: 1 } }, { manager: "a" });
    expect(timesOf(apply({ spec: { max: 1 } }, { live, manager: "b", second: 1 }))).toEqual({
      a: "00",
      b: undefined,
    });
  });

  it("is kept where a write changes nothing else", () => {
    const before = apply({ spec: { color: "a" } });
    const later = apply({ spec: { color: "b" } }, { live: before, second: 5 });
    const back = { ...later, spec: before.spec } as KubeObject;
    expect(keepTimes(back, before)).toEqual(before);
    expect(keepTimes(later, before)).toBe(later);
    const other = apply({ spec: { color: "a" } }, { live: before, manager: "o", second: 5 });
    expect(keepTimes(other, before)).toBe(other);
  });
});

describe("an update", () => {
  it("without managers keeps those that are stored, with some of its own takes them", () => {
    const live = apply({ spec: { max: 1 } }, { manager: "a" });
    const sent = entriesOf(live).map((entry) => ({ ...entry, manager: "renamed" }));
    const spec = { max: 1, color: "b" };
    expect(Object.keys(fieldsOf(update({ spec }, { live, manager: "u" })))).toEqual(["a", "u"]);
    const renamed = update({ spec }, { live, manager: "u" }, { managedFields: sent });
    expect(fieldsOf(renamed)).toEqual({
      renamed: { "f:spec": { "f:max": {} } },
      u: { "f:spec": { "f:color": {} } },
    });
  });

  it("whose managers cannot be read keeps those that are stored", () => {
    const live = apply({ spec: { max: 1 } }, { manager: "a" });
    const next = update(
      { spec: { max: 1 } },
      { live },
      { managedFields: [{ manager: "x", operation: "Update" }] },
    );
    expect(fieldsOf(next)).toEqual(fieldsOf(live));
  });

  it("through a subresource changes no managers by hand", () => {
    const live = apply({ spec: { max: 1 } }, { manager: "a" });
    const next = objectOf({ spec: { max: 1 }, status: { replicas: 1 } }, { managedFields: [{}] });
    const written = manageUpdate({ ...request({ live }), next, subresource: "status" });
    expect(entriesOf(written).map(({ manager, subresource }) => [manager, subresource])).toEqual([
      ["a", undefined],
      ["m", "status"],
    ]);
  });

  it("that changes nothing leaves the managers as they are", () => {
    const live = update({ spec: { max: 1 } });
    const next = update({ spec: { max: 1 } }, { live, manager: "u", second: 9 });
    expect(next.metadata.managedFields).toEqual(live.metadata.managedFields);
  });

  it("of an object that does not fit goes on without managers, and says why", () => {
    const problems: unknown[] = [];
    const next = objectOf({ spec: { max: "x" } });
    const kind = { ...everyKind, mayMisfit: true };
    const written = manageUpdate({
      ...request({ kind }),
      next,
      onProblem: (problem) => problems.push(problem),
    });
    expect(written).toEqual(next);
    expect(problems).toEqual([
      expect.objectContaining({ message: ".spec.max: expected numeric (int or float), got string" }),
    ]);
  });

  it("does not own what is filtered out", () => {
    const filter = excludeFields("status");
    const kind = { ...everyKind, filterFor: () => filter };
    const written = update({ spec: { max: 1 }, status: { replicas: 1 } }, { kind });
    expect(fieldsOf(written)).toEqual({ m: { "f:spec": { ".": {}, "f:max": {} } } });
  });
});

describe("an apply through a resource that lets some fields of items be owned only", () => {
  const filter = includeFields("spec.items.*.tags");
  const kind = { ...everyKind, filterFor: () => filter };
  const config = { spec: { items: [{ name: "x", v: "1", tags: ["a"] }] } };

  it("keeps the items whose names somebody owns", () => {
    const live = update(config, { manager: "u" });
    const once = apply(config, { live, kind });
    expect(apply(config, { live: once, kind }).spec).toEqual(config.spec);
    expect(fieldsOf(once).m).toEqual({
      "f:spec": { "f:items": { 'k:{"name":"x"}': { ".": {}, "f:tags": { 'v:"a"': {} } } } },
    });
  });

  it("loses the others when it is done again", () => {
    const live = apply(config, { kind });
    expect(apply(config, { live, kind }).spec).toEqual({ items: null });
  });
});

describe("an apply is refused", () => {
  it.each<[object, string]>([
    [{ spec: {} }, "invalid object type: /, Kind="],
    [{ kind: "Every" }, "invalid object type: /, Kind=Every"],
    [{ ...identity, apiVersion: "v1" }, "invalid object type: /v1, Kind=Every"],
    [{ ...identity, apiVersion: "a/b/c" }, "invalid object type: /, Kind="],
    [{ ...identity, metadata: { managedFields: [] } }, "metadata.managedFields must be nil"],
  ])("of %j: %s", (config, message) => {
    const ask = { ...request({}), config: config as never, isForced: false };
    expect(() => manageApply(ask)).toThrow(
      expect.objectContaining({
        status: expect.objectContaining({ code: 400, reason: "BadRequest", message }),
      }),
    );
  });

  it("for conflicts with their causes", () => {
    const live = apply({ spec: { color: "a", items: [{ name: "x", v: "1" }] } }, { manager: "a" });
    const ask = () => apply({ spec: { color: "b", items: [{ name: "x", v: "2" }] } }, { live });
    const causes = [".spec.color", '.spec.items[name="x"].v'].map((field) => ({
      reason: "FieldManagerConflict",
      message: 'conflict with "a"',
      field,
    }));
    expect(ask).toThrow(
      expect.objectContaining({
        status: expect.objectContaining({ code: 409, reason: "Conflict", details: { causes } }),
      }),
    );
  });

  it.each([
    ["create typed live object (n/e; example.com/v1, Kind=Every)", [manages]],
    [
      "create manager for existing fields: failed to convert new object (n/e; example.com/v1, Kind=Every) to smd typed",
      [],
    ],
  ])("where the stored object does not fit: failed to %s", (sentence, managedFields) => {
    const live = asStored(objectOf({ spec: { max: "x" } }, { namespace: "n", managedFields }));
    const message = `failed to ${sentence}: .spec.max: expected numeric (int or float), got string`;
    expect(() => apply({ spec: {} }, { live, kind: { ...everyKind, mayMisfit: true } })).toThrow(
      expect.objectContaining({ status: expect.objectContaining({ code: 500, message }) }),
    );
  });
});

describe("kubectl that comes from client-side apply", () => {
  const annotated = (last: object) => ({ annotations: { [LAST_APPLIED]: JSON.stringify(last) } });
  const last = { ...identity, metadata: { name: "e" }, spec: { color: "a", max: 1 } };

  it("takes over what it applied, and keeps the annotation up to date", () => {
    const live = update(
      { spec: { color: "a", max: 1 } },
      { manager: "kubectl-client-side-apply" },
      annotated(last),
    );
    const applied = apply({ spec: { color: "b<c", max: 1 } }, { live, manager: "kubectl" });
    expect(applied.spec).toEqual({ color: "b<c", max: 1 });
    expect(fieldsOf(applied).kubectl).toEqual({ "f:spec": { "f:color": {}, "f:max": {} } });
    expect(applied.metadata.annotations).toEqual({
      [LAST_APPLIED]:
        '{"apiVersion":"example.com/v1","kind":"Every","metadata":{"name":"e"},"spec":{"color":"b\\u003cc","max":1}}\n',
    });
  });

  it("does not take what somebody changed since, nor under another name", () => {
    const live = update({ spec: { color: "changed", max: 1 } }, { manager: "u" }, annotated(last));
    const refused = 'Apply failed with 1 conflict: conflict with "u" using example.com/v1: .spec.color';
    expect(() => apply({ spec: { color: "b", max: 2 } }, { live, manager: "kubectl" })).toThrow(
      expect.objectContaining({ message: refused }),
    );
    const all =
      'Apply failed with 2 conflicts: conflicts with "u" using example.com/v1:\n- .spec.color\n- .spec.max';
    expect(() => apply({ spec: { color: "b", max: 2 } }, { live, manager: "other" })).toThrow(
      expect.objectContaining({ message: all }),
    );
  });

  it.each<[string, object]>([
    ["another version", { ...last, apiVersion: "example.com/v2" }],
    ["a field that is not known", { ...last, nope: 1 }],
    ["no object", [1]],
  ])("cannot use an annotation with %s", (_, text) => {
    const live = update({ spec: { color: "a", max: 1 } }, { manager: "u" }, annotated(text));
    expect(() => apply({ spec: { color: "b" } }, { live, manager: "kubectl" })).toThrow("1 conflict");
  });

  it("leaves an annotation out that would be too big", () => {
    const live = update({ spec: { color: "a" } }, { manager: "kubectl" }, annotated(last));
    const applied = apply({ spec: { any: { big: "x".repeat(256 * 1024) } } }, { live, manager: "kubectl" });
    expect(applied.metadata.annotations).toEqual({});
  });
});

describe("managers in several versions", () => {
  const older = "example.com/v1beta1";
  const kind: ManagedKind = {
    ...everyKind,
    versions: {
      schemaAt: (version) =>
        version === everyKind.apiVersion || version === older ? everySchema : undefined,
      convert: renamed,
    },
  };

  /** In the older version the color is called `free`. */
  function renamed(object: unknown, from: string, to: string): unknown {
    if (from === to || object === null) return object;
    const { spec, ...rest } = object as { spec?: Record<string, unknown> };
    const [had, has] = to === older ? ["color", "free"] : ["free", "color"];
    if (spec?.[had] === undefined) return object;
    const { [had]: value, ...others } = spec;
    return { ...rest, spec: { ...others, [has]: value } };
  }

  const entry = (manager: string, operation: "Apply" | "Update", apiVersion: string) => ({
    ...manages,
    manager,
    operation,
    apiVersion,
    fieldsV1: { "f:spec": { "f:free": {} } },
  });

  it("lose what changes under another name, and those of unknown versions go", () => {
    const managedFields = [entry("old", "Update", older), entry("gone", "Update", "example.com/v0")];
    const live = asStored(objectOf({ spec: { color: "a" } }, { managedFields }));
    expect(() => apply({ spec: { color: "b" } }, { live, kind })).toThrow(
      'Apply failed with 1 conflict: conflict with "old" using example.com/v1beta1: .spec.free',
    );
    const forced = apply({ spec: { color: "b" } }, { live, kind, force: true });
    expect(fieldsOf(forced)).toEqual({ m: { "f:spec": { "f:color": {} } } });
  });

  it("give up what they applied in an older one", () => {
    const live = asStored(
      objectOf({ spec: { color: "a", max: 1 } }, { managedFields: [entry("m", "Apply", older)] }),
    );
    const applied = apply({ spec: { on: true } }, { live, kind });
    expect(applied.spec).toEqual({ max: 1, on: true });
    expect(fieldsOf(applied)).toEqual({ m: { "f:spec": { "f:on": {} } } });
  });
});

describe("a request without a field manager", () => {
  it.each([
    ["kubectl/v1.33.0 (linux/amd64) kubernetes/abc", "kubectl"],
    ["Mozilla 5.0 (X)/1", "Mozilla 5.0 (X)"],
    ["", ""],
    ["/x", ""],
    ["a\tb\u00a0c\u{1f600}", "abc\u{1f600}"],
    ["x".repeat(200), "x".repeat(128)],
    [`${"x".repeat(127)}é`, "x".repeat(127)],
  ])("by %j is one of %j", (userAgent, manager) => {
    expect(defaultManager(userAgent)).toBe(manager);
  });
});
