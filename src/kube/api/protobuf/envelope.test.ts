import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeProtobuf, encodeProtobuf, hasProtobufForm, isProtobufEnvelope } from "./envelope.ts";

const pod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "web", labels: { b: "2", a: "1" }, creationTimestamp: "2024-05-01T12:00:00Z" },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        name: "a",
        image: "x",
        resources: { limits: { cpu: "500m" } },
        livenessProbe: { httpGet: { path: "/", port: "http", scheme: "HTTP" }, periodSeconds: 10 },
        volumeMounts: [{ name: "v", mountPath: "/v" }],
      },
    ],
    volumes: [{ name: "v", configMap: { name: "c", defaultMode: 420 } }],
  },
};

describe("the protobuf envelope", () => {
  it("keeps objects: inline messages, maps, quantities, times, zeroes behind pointers", () => {
    const bytes = encodeProtobuf(pod);
    expect(isProtobufEnvelope(bytes)).toBe(true);
    expect(decodeProtobuf(bytes)).toEqual(pod);
  });

  it("drops the zero values that Go writes for absent fields", () => {
    const bytes = encodeProtobuf({
      ...pod,
      metadata: { name: "web", namespace: "", generation: 0 },
    } as object);
    expect(decodeProtobuf(bytes).metadata).toEqual({ name: "web" });
  });

  it("knows which kinds have this form", () => {
    expect(hasProtobufForm("apps/v1", "Deployment")).toBe(true);
    expect(hasProtobufForm("apps/v1", "DeleteOptions")).toBe(true);
    expect(hasProtobufForm("example.com/v1", "Widget")).toBe(false);
    expect(() => encodeProtobuf({ apiVersion: "example.com/v1", kind: "Widget" })).toThrow(
      "no protobuf form",
    );
  });

  it("refuses what is no envelope", () => {
    expect(() => decodeProtobuf(Buffer.from("{}"))).toThrow("expected prefix k8s");
    expect(() => decodeProtobuf(Buffer.from("k8s\0"))).toThrow("no kind");
  });

  it("refuses deep nesting", () => {
    let schema: object = {};
    for (let depth = 0; depth < 200; depth++) schema = { properties: { a: schema } };
    const definition = {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      spec: { versions: [{ name: "v1", schema: { openAPIV3Schema: schema } }] },
    };
    expect(() => decodeProtobuf(encodeProtobuf(definition))).toThrow("nested too deeply");
  });

  it("refuses damaged bytes with InvalidArgument, or reads them as something else", () => {
    const good = encodeProtobuf(pod);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: good.length - 1 }), fc.nat({ max: 255 })), { minLength: 1 }),
        fc.nat({ max: good.length }),
        (changes, length) => {
          const bytes = Uint8Array.from(good.subarray(0, length));
          for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
          try {
            decodeProtobuf(bytes);
          } catch (error) {
            expect(error).toMatchObject({ kind: "InvalidArgument" });
          }
        },
      ),
    );
  });
});
