import { describe, expect, it } from "vitest";
import type { JsonSchema } from "./json-schema.ts";
import { customOpenApi, openApiName } from "./open-api.ts";
import { definitionOf } from "./testing/definition.ts";

const SCHEMA: JsonSchema = {
  description: "d",
  type: "object",
  properties: {
    spec: {
      type: "object",
      required: ["note", "port"],
      properties: {
        port: { "x-kubernetes-int-or-string": true, default: 1 },
        note: { type: "string", nullable: true },
        any: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
        pod: {
          type: "object",
          "x-kubernetes-embedded-resource": true,
          properties: { x: { type: "string" } },
        },
      },
    },
  },
};

function schemaOf(openApi: 2 | 3) {
  const definition = definitionOf(SCHEMA, { selectableFields: [{ jsonPath: ".spec.x" }] });
  // biome-ignore lint/suspicious/noExplicitAny: a document
  return customOpenApi(definition, definition.spec.versions[0]!, openApi) as any;
}

describe("the documents say of a custom kind", () => {
  it("its names", () => {
    expect(openApiName({ group: "a.example.com", version: "v1", kind: "R" })).toBe("com.example.a.v1.R");
    expect(schemaOf(3).schema).toMatchObject({
      "x-kubernetes-group-version-kind": [{ group: "example.com", version: "v1", kind: "Widget" }],
      "x-kubernetes-selectable-fields": [{ fieldPath: "spec.x" }],
    });
  });

  it("in version 3 all of its schema, and what every resource has", () => {
    const { description, properties } = schemaOf(3).schema;
    expect(description).toBe("d");
    expect(properties.metadata).toEqual({
      description:
        "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata",
      allOf: [{ $ref: "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta" }],
    });
    const { port, note, pod } = properties.spec.properties;
    expect(port).toEqual({
      "x-kubernetes-int-or-string": true,
      default: 1,
      anyOf: [{ type: "integer" }, { type: "string" }],
    });
    expect(note).toEqual({ type: "string", nullable: true });
    expect(Object.keys(pod.properties).sort()).toEqual(["apiVersion", "kind", "metadata", "x"]);
    expect(pod.required).toEqual(["kind", "apiVersion"]);
  });

  it("in version 2 what that can say", () => {
    const { spec, metadata } = schemaOf(2).schema.properties;
    expect(metadata.$ref).toBe("#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
    expect(spec.required).toEqual(["port"]);
    expect(spec.properties).toMatchObject({
      port: { "x-kubernetes-int-or-string": true },
      note: {},
      any: { "x-kubernetes-preserve-unknown-fields": true },
    });
    expect([spec.properties.port.anyOf, spec.properties.port.default, spec.properties.any.type]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("the list of its objects", () => {
    expect(schemaOf(3).listSchema).toMatchObject({
      description: "WidgetList is a list of Widget",
      required: ["items"],
      properties: { items: { type: "array", items: { $ref: "#/components/schemas/com.example.v1.Widget" } } },
      "x-kubernetes-group-version-kind": [{ kind: "WidgetList" }],
    });
  });
});
