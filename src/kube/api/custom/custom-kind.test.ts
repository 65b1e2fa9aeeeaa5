import { describe, expect, it } from "vitest";
import { toTable } from "../table.ts";
import { refusalsOnCreate, refusalsOnStatusUpdate, refusalsOnUpdate } from "../testing/refusals.ts";
import type { KubeObject } from "../types.ts";
import type { JsonSchema } from "./json-schema.ts";
import { kindOf, widget } from "./testing/definition.ts";

const SCHEMA: JsonSchema = {
  type: "object",
  properties: {
    spec: {
      type: "object",
      required: ["replicas"],
      properties: {
        replicas: { type: "integer", minimum: 0, maximum: 100 },
        color: { type: "string", default: "red", enum: ["red", "blue"] },
        port: { "x-kubernetes-int-or-string": true },
        tags: {
          type: "array",
          maxItems: 2,
          items: { type: "string", maxLength: 3 },
          "x-kubernetes-list-type": "set",
        },
        items: {
          type: "array",
          items: {
            type: "object",
            required: ["name"],
            properties: { name: { type: "string" }, size: { type: "integer", maximum: 5, nullable: true } },
          },
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": ["name"],
        },
        any: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
        template: {
          type: "object",
          "x-kubernetes-embedded-resource": true,
          "x-kubernetes-preserve-unknown-fields": true,
        },
        nest: { type: "object", default: {}, properties: { deep: { type: "string", default: "d" } } },
        note: { type: "string", nullable: true, default: "n" },
        ip: { type: "string", format: "ipv4" },
        name: { type: "string", pattern: "^a+$", minLength: 2 },
        either: {
          type: "object",
          properties: { a: { type: "string" }, b: { type: "string" } },
          oneOf: [{ required: ["a"] }, { required: ["b"] }],
        },
        labels: { type: "object", maxProperties: 1, additionalProperties: { type: "string" } },
      },
    },
    status: { type: "object", properties: { replicas: { type: "integer" }, selector: { type: "string" } } },
  },
};

const kind = kindOf(SCHEMA, {
  subresources: {
    status: {},
    scale: {
      specReplicasPath: ".spec.replicas",
      statusReplicasPath: ".status.replicas",
      labelSelectorPath: ".status.selector",
    },
  },
  selectableFields: [{ jsonPath: ".spec.color" }],
  additionalPrinterColumns: [
    { name: "Rep", type: "integer", jsonPath: ".spec.replicas", description: "d", priority: 1 },
    { name: "Tags", type: "string", jsonPath: ".spec.tags" },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
  ],
});

const base = widget({ replicas: 1 });
const changed = (spec: object) => ({ spec });

function read(value: object): KubeObject {
  const { object } = kind.readStructure!(value);
  kind.defaults!(object);
  return object;
}

describe("a custom kind", () => {
  it("fills in what is absent, or null where that may not be", () => {
    expect(read(widget({ replicas: 1, color: null })).spec).toEqual({
      replicas: 1,
      color: "red",
      nest: { deep: "d" },
      note: "n",
    });
    expect(read(widget({ replicas: 1, note: null, nest: null })).spec).toMatchObject({
      note: null,
      nest: { deep: "d" },
    });
  });

  it.each([
    [{ replicas: 1, zz: 1 }, ["spec.zz"]],
    [{ replicas: 1, items: [{ name: "a", zz: 1 }] }, ["spec.items[0].zz"]],
    [{ replicas: 1, any: { x: { y: [1, null] } } }, []],
    [{ replicas: 1, labels: { a: "b" } }, []],
    [
      {
        replicas: 1,
        template: { apiVersion: "v1", kind: "Pod", metadata: { name: "p", zz: 1 }, spec: { x: 1 } },
      },
      ["spec.template.metadata.zz"],
    ],
  ])("drops what its schema does not know of %j", (spec, unknown) => {
    expect(kind.readStructure!(widget(spec)).unknownFields).toEqual(unknown);
  });

  it("knows the fields of metadata", () => {
    const { unknownFields } = kind.readStructure!({ ...base, metadata: { name: "w", zz: 1 } });
    expect(unknownFields).toEqual(["metadata.zz"]);
    expect(() => kind.readStructure!({ ...base, metadata: { labels: { a: 1 } } })).toThrow(
      'Widget in version "v1" cannot be handled as a Widget: json: cannot unmarshal number into Go struct field ObjectMeta.labels of type string',
    );
  });

  it.each<[object, ...string[]]>([
    [{}],
    [
      { replicas: -1 },
      "Invalid spec.replicas: Invalid value: -1: spec.replicas in body should be greater than or equal to 0",
      "Invalid .spec.replicas: Invalid value: -1: should be a non-negative integer",
    ],
    [
      { replicas: 1.5 },
      'TypeInvalid spec.replicas: Invalid value: "number": spec.replicas in body must be of type integer: "number"',
      "Invalid .spec.replicas: Invalid value: 0: .spec.replicas accessor error: 1.5 is of the type float64, expected int64",
    ],
    [{ replicas: null }, "Required spec.replicas: Required value"],
    [
      { color: "green" },
      'NotSupported spec.color: Unsupported value: "green": supported values: "red", "blue"',
    ],
    [{ port: 80 }],
    [{ port: "http" }],
    [
      { port: true },
      'TypeInvalid spec.port: Invalid value: "boolean": spec.port in body must be of type integer,string: "boolean"',
    ],
    [{ tags: ["a", "b", "c"] }, "TooMany spec.tags: Too many: 3: must have at most 2 items"],
    [{ tags: ["abcd"] }, "TooLong spec.tags[0]: Too long: may not be more than 3 bytes"],
    [{ tags: ["a", "a"] }, 'Duplicate spec.tags[1]: Duplicate value: "a"'],
    [
      { items: [{ name: "a" }, { name: "a" }] },
      'Duplicate spec.items[1]: Duplicate value: map[string]interface {}{"name":"a"}',
    ],
    [
      { items: [null] },
      'TypeInvalid spec.items[0]: Invalid value: "null": spec.items[0] in body must be of type object: "null"',
    ],
    [
      { ip: "1.2.3" },
      'TypeInvalid spec.ip: Invalid value: "1.2.3": spec.ip in body must be of type ipv4: "1.2.3"',
    ],
    [{ name: "bb" }, "Invalid spec.name: Invalid value: \"bb\": spec.name in body should match '^a+$'"],
    [
      { name: "a" },
      'Invalid spec.name: Invalid value: "a": spec.name in body should be at least 2 chars long',
    ],
    [
      { either: {} },
      'Invalid <nil>: Invalid value: "": "spec.either" must validate one and only one schema (oneOf). Found none valid',
      "Required spec.either.a: Required value",
    ],
    [
      { either: { a: "x", b: "y" } },
      'Invalid <nil>: Invalid value: "": "spec.either" must validate one and only one schema (oneOf). Found 2 valid alternatives',
    ],
    [{ labels: { a: "1", b: "2" } }, "TooMany spec.labels: Too many: 2: must have at most 1 items"],
    [
      { labels: { a: 1 } },
      'TypeInvalid spec.labels.a: Invalid value: "integer": spec.labels.a in body must be of type string: "integer"',
    ],
    [
      { template: {} },
      "Required spec.template.apiVersion: Required value: must not be empty",
      "Required spec.template.kind: Required value: must not be empty",
    ],
    [
      { template: { apiVersion: "a/b/c", kind: "A_" } },
      'Invalid spec.template.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
      "Invalid spec.template.kind: Invalid value: \"A_\": may have mixed case, but should otherwise match: a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
    ],
  ])("created with %j", (spec, ...errors) => {
    expect(refusalsOnCreate(kind, base, changed(spec))).toEqual(errors);
  });

  it("is told when it is another", () => {
    expect(refusalsOnCreate(kind, base, { kind: "X" })).toEqual([
      'Invalid kind: Invalid value: "X": must be Widget',
    ]);
  });

  describe("updated", () => {
    const bad = widget({
      replicas: 500,
      items: [
        { name: "a", size: 9 },
        { name: "b", size: 1 },
      ],
    });

    it.each<[object, ...string[]]>([
      [{ color: "blue" }],
      [
        {
          items: [
            { name: "b", size: 2 },
            { name: "a", size: 9 },
          ],
        },
      ],
      [
        { replicas: 501 },
        "Invalid spec.replicas: Invalid value: 501: spec.replicas in body should be less than or equal to 100",
      ],
      [
        { items: [{ name: "a", size: 8 }] },
        "Invalid spec.items[0].size: Invalid value: 8: spec.items[0].size in body should be less than or equal to 5",
      ],
    ])("what fails as before is let through: %j", (spec, ...errors) => {
      expect(refusalsOnUpdate(kind, bad, changed(spec))).toEqual(errors);
    });

    it("keeps its status, and counts changes of what is wanted", () => {
      const previous = { ...read(base), status: { replicas: 1 } };
      previous.metadata.generation = 1;
      const next = { ...read(widget({ replicas: 2 })), status: { replicas: 9 } };
      next.metadata.generation = 1;
      kind.prepareForUpdate!(next, previous);
      expect(next).toMatchObject({ status: { replicas: 1 }, metadata: { generation: 2 } });
    });

    it("by its status changes nothing else", () => {
      const previous = read(base);
      const next = read(
        widget({ replicas: 7 }, { status: { replicas: 3 }, metadata: { name: "w", labels: { a: "b" } } }),
      );
      kind.prepareForStatusUpdate!(next, previous);
      expect(next).toEqual({ ...previous, status: { replicas: 3 } });
    });

    it("by its status is held to the schema of that", () => {
      expect(refusalsOnStatusUpdate(kind, base, { status: { replicas: "x", selector: 5 } })).toEqual([
        'TypeInvalid status.replicas: Invalid value: "string": replicas in body must be of type integer: "string"',
        'TypeInvalid status.selector: Invalid value: "integer": selector in body must be of type string: "integer"',
        "Invalid .status.replicas: Invalid value: 0: .status.replicas accessor error: x is of the type string, expected int64",
        'Invalid .status.selector: Invalid value: "": .status.selector accessor error: 5 is of the type int64, expected string',
      ]);
    });
  });

  it("has columns, fields for selectors and a scale", () => {
    const object = read(
      widget(
        { replicas: 3, tags: ["a"] },
        { metadata: { name: "w", creationTimestamp: "2024-01-01T00:00:00Z" } },
      ),
    );
    const table = toTable(kind, [object], { nowMs: Date.parse("2024-01-01T00:01:00Z") });
    expect(table.rows[0]!.cells).toEqual(["w", 3, '["a"]', "60s"]);
    expect(table.columnDefinitions.map(({ description }) => description).slice(1)).toEqual([
      "d",
      "Custom resource definition column (in JSONPath format): .spec.tags",
      "Custom resource definition column (in JSONPath format): .metadata.creationTimestamp",
    ]);
    expect(kind.selectableFields!(object)).toEqual({ "spec.color": "red" });
    expect(kind.scale!.labelSelector({ ...object, status: { selector: "a=b" } })).toBe("a=b");
  });

  it("warns of odd finalizers that are new", () => {
    const withFinalizers = (...finalizers: string[]) =>
      read({ ...base, metadata: { name: "w", finalizers } });
    const prefer = "prefer a domain-qualified finalizer name";
    const conflicts = "to avoid accidental conflicts with other finalizer writers";
    expect(kind.warnings!(withFinalizers("b", "a.b", "a.b/c", "orphan"), withFinalizers("x"))).toEqual([
      `metadata.finalizers: "a.b": ${prefer} including a path (/) ${conflicts}`,
      `metadata.finalizers: "b": ${prefer} ${conflicts}`,
    ]);
  });
});
