import { describe, expect, it } from "vitest";
import type { ManagedFieldsEntry } from "../generated/types.ts";
import { capUpdaters } from "./cap-managers.ts";
import { fieldSetOfPaths } from "./field-set.ts";
import { decodeFields, encodeFields, type FieldsV1 } from "./fields-v1.ts";
import { managerIdentifier } from "./managed-entry.ts";
import { Managers } from "./managers.ts";

const entry = (manager: string, rest: ManagedFieldsEntry = {}): ManagedFieldsEntry => ({
  manager,
  operation: "Update",
  apiVersion: "v1",
  time: "2024-01-01T00:00:00Z",
  fieldsType: "FieldsV1",
  fieldsV1: { "f:data": { [`f:${manager}`]: {} } },
  ...rest,
});

describe("managers of an object", () => {
  it("come out in order: appliers first, then by time, name, version and subresource", () => {
    const inOrder = [
      entry("z", { operation: "Apply" }),
      entry("y", { operation: "Apply", time: "2024-01-01T00:00:01Z" }),
      entry("late", { time: "0001-01-01T00:00:00Z" }),
      entry("a"),
      entry("b", { apiVersion: "a/v1" }),
      entry("b"),
      entry("b", { subresource: "scale" }),
      entry("b", { subresource: "status" }),
      entry("a", { apiVersion: "v2", time: "2024-01-01T00:00:02Z" }),
    ];
    expect(Managers.decode(inOrder.toReversed()).encode()).toEqual(inOrder);
  });

  it("are the very entries that came in, unless they were written in another way", () => {
    const [canonical, odd] = [entry("a"), entry("b", { fieldsV1: { "f:z": {}, "f:a": { ".": {} } } })];
    const [first, second] = Managers.decode([canonical, odd]).encode();
    expect(first).toBe(canonical);
    expect(JSON.stringify(second!.fieldsV1)).toBe('{"f:a":{},"f:z":{}}');
  });

  it("are read anew from what may have changed, and once from what is frozen", () => {
    const fields: FieldsV1 = { "f:a": {} };
    const paths = () => [...decodeFields(fields).set.paths()].join();
    expect(paths()).toBe("f:a");
    fields["f:b"] = {};
    expect(paths()).toBe("f:a,f:b");
    for (const one of [fields["f:a"], fields["f:b"], fields]) Object.freeze(one);
    expect(decodeFields(fields)).toBe(decodeFields(fields));
    expect(paths()).toBe("f:a,f:b");
    const written = encodeFields(decodeFields(fields).set);
    expect(decodeFields(written)).toEqual({ set: decodeFields(fields).set, isCanonical: true });
  });

  it("are written with their members in upstream's order", () => {
    const managers = new Managers();
    const identifier = managerIdentifier(entry("m", { subresource: "status" }));
    managers.fields.set(identifier, { set: fieldSetOfPaths([["f:a"]]), apiVersion: "v1", isApplied: false });
    managers.times.set(identifier, "2024-01-01T00:00:00Z");
    expect(JSON.stringify(managers.encode())).toBe(
      '[{"manager":"m","operation":"Update","apiVersion":"v1","time":"2024-01-01T00:00:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:a":{}},"subresource":"status"}]',
    );
  });

  it("are known by name, operation, version and subresource; appliers in all versions", () => {
    expect(managerIdentifier(entry("a<b"))).toBe(
      '{"manager":"a\\u003cb","operation":"Update","apiVersion":"v1"}',
    );
    expect(managerIdentifier(entry("m", { operation: "Apply", subresource: "status" }))).toBe(
      '{"manager":"m","operation":"Apply","subresource":"status"}',
    );
  });

  it.each<[object, string]>([
    [{}, "operation must be `Apply` or `Update`"],
    [{ operation: "Patch" }, "operation must be `Apply` or `Update`"],
    [{ operation: "Apply" }, "apiVersion must not be empty"],
    [{ operation: "Update", apiVersion: "v1" }, "missing fieldsType in managed fields entry 0"],
    [
      { operation: "Update", apiVersion: "v1", fieldsType: "V2" },
      'invalid fieldsType "V2" in managed fields entry 0',
    ],
    [entry("m", { fieldsV1: { "i:x": {} } }), "error decoding set: strconv.Atoi"],
  ])("refuse %j", (one, message) => {
    expect(() => Managers.decode([one])).toThrow(message);
  });
});

describe("too many updaters", () => {
  const seconds = (count: number) => `2024-01-01T00:00:${String(count).padStart(2, "0")}Z`;
  const updaters = (count: number, rest: (at: number) => ManagedFieldsEntry = () => ({})) =>
    Array.from({ length: count }, (_, at) => entry(`u${at}`, { time: seconds(at), ...rest(at) }));
  const capped = (entries: ManagedFieldsEntry[]) => {
    const managers = Managers.decode(entries);
    capUpdaters(managers);
    return managers.encode();
  };

  it("are none where they are ten, however many appliers there are", () => {
    const entries = [entry("a", { operation: "Apply" }), ...updaters(10)];
    expect(capped(entries)).toEqual(entries);
  });

  it("become one from the oldest on", () => {
    const [first, ...rest] = capped(updaters(12));
    expect(first).toEqual({
      ...entry("ancient-changes"),
      time: seconds(2),
      fieldsV1: { "f:data": { "f:u0": {}, "f:u1": {}, "f:u2": {} } },
    });
    expect(rest).toEqual(updaters(12).slice(3));
  });

  it("join those that were joined before", () => {
    const once = capped(updaters(11));
    const [first, ...rest] = capped([...once, entry("new", { time: seconds(30) })]);
    expect(first!.fieldsV1).toEqual({ "f:data": { "f:u0": {}, "f:u1": {}, "f:u2": {} } });
    expect(rest.map(({ manager }) => manager)).toEqual(
      [3, 4, 5, 6, 7, 8, 9, 10].map((at) => `u${at}`).concat("new"),
    );
  });

  it("are joined within a version only", () => {
    const entries = capped(updaters(12, (at) => ({ apiVersion: at % 2 === 0 ? "v1" : "v2" })));
    const shown = entries.map(({ manager, apiVersion }) => `${manager} ${apiVersion}`);
    expect(shown.slice(0, 3)).toEqual(["ancient-changes v1", "ancient-changes v2", "u4 v1"]);
    expect(shown).toHaveLength(10);
  });
});
