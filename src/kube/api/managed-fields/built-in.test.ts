import { describe, expect, it } from "vitest";
import type { ManagedFieldsEntry } from "../generated/types.ts";
import { kinds } from "../kinds.ts";
import { checkStructure } from "../structure.ts";
import { CREATED } from "./built-in.table.ts";
import { manageApply } from "./manage-apply.ts";
import { manageUpdate } from "./manage-update.ts";
import { managedKind } from "./managed-kind.ts";
import { resetFieldsFilter } from "./reset-fields.ts";

const kindOf = (model: string) => kinds.find((one) => one.model === model)!;
const nowMs = 1_700_000_000_000;

/** With what nobody can own through the resource or subresource. */
function managed(model: string, subresource?: string) {
  const kind = kindOf(model);
  const filter = resetFieldsFilter(kind, subresource);
  return { ...managedKind(kind), filterFor: () => filter };
}

const objectOf = (model: string, fields: object) => checkStructure(fields, kindOf(model)).object;
const fieldsOf = (object: { metadata: { managedFields?: unknown[] } }) =>
  ((object.metadata.managedFields ?? []) as ManagedFieldsEntry[]).map(({ fieldsV1 }) => fieldsV1);

describe("what the creator of an object owns", () => {
  it.each(CREATED)("$model", ({ model, object, fields }) => {
    const next = objectOf(model, object);
    const created = manageUpdate({ kind: managed(model), live: undefined, next, manager: "m", nowMs });
    expect(JSON.stringify(fieldsOf(created))).toBe(JSON.stringify([fields]));
    expect(created).toEqual({ ...next, metadata: { ...next.metadata, managedFields: expect.any(Array) } });
  });
});

const DEPLOYMENT = "io.k8s.api.apps.v1.Deployment";
const POD = "io.k8s.api.core.v1.Pod";
const podOf = (spec: object) => ({ apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec });
const applyPod = (spec: object, live?: ReturnType<typeof objectOf>) =>
  manageApply({
    kind: managed(POD),
    live,
    config: podOf(spec) as never,
    manager: "m",
    nowMs,
    isForced: false,
  });

describe("apply to a built-in kind", () => {
  it.each<[string, object, string]>([
    [
      "an unknown field",
      { containers: [{ name: "c", imag: "i" }] },
      '.spec.containers[name="c"].imag: field not declared in schema',
    ],
    [
      "a number for a text",
      { nodeName: 5 },
      ".spec.nodeName: expected string, got &value.valueUnstructured{Value:5}",
    ],
    ["a text for a number", { priority: "1" }, ".spec.priority: expected numeric (int or float), got string"],
    [
      "a port twice, once by default",
      { containers: [{ name: "c", ports: [{ containerPort: 80 }, { containerPort: 80, protocol: "TCP" }] }] },
      '.spec.containers[name="c"].ports: duplicate entries for key [containerPort=80,protocol="TCP"]',
    ],
    [
      "two containers without a name",
      { containers: [{}, {}] },
      '.spec.containers: duplicate entries for key [name=""]',
    ],
  ])("refuses %s", (_, spec, message) => {
    const status = {
      code: 500,
      message: `failed to create typed patch object (/p; /v1, Kind=Pod): ${message}`,
    };
    expect(() => applyPod(spec)).toThrow(
      expect.objectContaining({ status: expect.objectContaining(status) }),
    );
  });

  it("takes the same port with another protocol, quantities as numbers and texts", () => {
    const ports = [{ containerPort: 80 }, { containerPort: 80, protocol: "UDP" }];
    const applied = applyPod({
      containers: [{ name: "c", ports, resources: { limits: { cpu: 1, memory: "1Gi" } } }],
    });
    expect(fieldsOf(applied)).toEqual([
      {
        "f:spec": {
          "f:containers": {
            'k:{"name":"c"}': {
              ".": {},
              "f:name": {},
              "f:ports": {
                'k:{"containerPort":80,"protocol":"TCP"}': { ".": {}, "f:containerPort": {} },
                'k:{"containerPort":80,"protocol":"UDP"}': {
                  ".": {},
                  "f:containerPort": {},
                  "f:protocol": {},
                },
              },
              "f:resources": { "f:limits": { "f:cpu": {}, "f:memory": {} } },
            },
          },
        },
      },
    ]);
  });

  it("leaves defaults without an owner, and changes nothing when done again", () => {
    const spec = { containers: [{ name: "c", image: "i", ports: [{ containerPort: 80 }] }] };
    const live = objectOf(POD, applyPod(spec));
    kindOf(POD).defaults!(live);
    live.metadata.uid = "1";
    const again = applyPod(spec, live);
    expect(again).toEqual(live);
    expect(JSON.stringify(fieldsOf(again))).not.toContain("terminationMessagePath");
  });

  it("does not own what the server sets back", () => {
    const config = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "d", labels: { a: "b" } },
      spec: { replicas: 1 },
      status: { replicas: 1 },
    };
    const apply = (subresource?: string) =>
      fieldsOf(
        manageApply({
          kind: managed(DEPLOYMENT, subresource),
          live: undefined,
          config,
          manager: "m",
          nowMs,
          isForced: false,
        }),
      );
    expect(apply()).toEqual([
      { "f:metadata": { "f:labels": { "f:a": {} } }, "f:spec": { "f:replicas": {} } },
    ]);
    expect(apply("status")).toEqual([{ "f:status": { "f:replicas": {} } }]);
  });
});
