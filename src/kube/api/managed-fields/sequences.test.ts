import { describe, expect, it } from "vitest";
import type { ManagedFieldsEntry } from "../generated/types.ts";
import type { KubeObject } from "../types.ts";
import { manageApply } from "./manage-apply.ts";
import { manageUpdate } from "./manage-update.ts";
import { SEQUENCES, type Step } from "./sequences.table.ts";
import { everyKind } from "./test-kind.test-support.ts";

const nowMs = Date.UTC(2024, 0, 2, 3, 4, 5, 678);
const identity = { apiVersion: everyKind.apiVersion, kind: everyKind.kind };

function perform(live: KubeObject | undefined, { apply, update, force, subresource }: Step): KubeObject {
  const request = { kind: everyKind, live, nowMs, ...(subresource === undefined ? {} : { subresource }) };
  if (apply !== undefined) {
    const [manager, config] = apply as [string, { metadata?: object }];
    const named = { ...identity, ...config, metadata: { ...config.metadata, name: "e" } };
    return stored(manageApply({ ...request, manager, config: named, isForced: force === true }));
  }
  const [manager, { metadata, ...fields }] = update as [string, { metadata?: object }];
  const before = live ?? { ...identity, metadata: { name: "e" } };
  const next = { ...before, ...fields, metadata: { ...before.metadata, ...metadata } } as KubeObject;
  return stored(manageUpdate({ ...request, manager, next }));
}

function stored(object: KubeObject): KubeObject {
  return JSON.parse(JSON.stringify({ ...object, metadata: { ...object.metadata, uid: "1" } }));
}

function ownersOf({ metadata }: KubeObject): [string, object][] {
  return ((metadata.managedFields ?? []) as ManagedFieldsEntry[]).map(
    ({ manager, operation, subresource, fieldsV1, fieldsType, apiVersion, time }) => {
      expect({ fieldsType, apiVersion }).toEqual({ fieldsType: "FieldsV1", apiVersion: "example.com/v1" });
      if (time !== undefined) expect(time).toBe("2024-01-02T03:04:05Z");
      const place = subresource === undefined ? "" : `/${subresource}`;
      return [`${manager} ${operation}${place}${time === undefined ? " untimed" : ""}`, fieldsV1!];
    },
  );
}

describe.each(Object.entries(SEQUENCES))("%s", (_, steps) => {
  it("step by step", () => {
    let live: KubeObject | undefined;
    for (const step of steps) {
      if (step.refused !== undefined) {
        expect(() => perform(live, step)).toThrow(expect.objectContaining({ message: step.refused }));
        continue;
      }
      live = perform(live, step);
      const { apiVersion: _a, kind: _k, metadata: _m, ...fields } = live;
      if (step.is !== undefined) expect(fields).toEqual(step.is);
      if (step.owners !== undefined)
        expect(JSON.stringify(ownersOf(live))).toBe(JSON.stringify(Object.entries(step.owners)));
    }
  });
});
