import { describe, expect, it } from "vitest";
import type { ConfigMap, Secret } from "../generated/types.ts";
import type { KubeObject } from "../types.ts";
import { configMaps } from "./config-map.ts";
import { secrets } from "./secret.ts";

const object = (kind: string, fields: object): KubeObject =>
  ({ apiVersion: "v1", kind, metadata: { name: "x", namespace: "default" }, ...fields }) as KubeObject;
const secret = (fields: object): Secret => {
  const one = object("Secret", fields) as Secret;
  secrets.defaults!(one);
  return one;
};
const texts = (errors: { field: string; message: string }[]) =>
  errors.map((one) => `${one.field}: ${one.message}`);

describe("secrets", () => {
  it("turn stringData into data", () => {
    expect(secret({ data: { a: "MQ==", b: "Mg==" }, stringData: { b: "3" } })).toMatchObject({
      type: "Opaque",
      data: { a: "MQ==", b: "Mw==" },
    });
    expect(secret({ stringData: { b: "3" } })).not.toHaveProperty("stringData");
  });

  it.each([
    [
      { data: { "a b": "" } },
      [
        "data[a b]: Invalid value: \"a b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
      ],
    ],
    [{ type: "kubernetes.io/tls" }, ["data[tls.crt]: Required value", "data[tls.key]: Required value"]],
    [{ type: "kubernetes.io/dockerconfigjson" }, ["data[.dockerconfigjson]: Required value"]],
    [
      { type: "kubernetes.io/service-account-token" },
      ["metadata.annotations[kubernetes.io/service-account.name]: Required value"],
    ],
    [
      { data: { a: Buffer.alloc(1024 * 1024 + 1).toString("base64") } },
      ["data: Too long: may not be more than 1048576 bytes"],
    ],
    [{ data: { a: "MQ==" } }, []],
  ])("of %.60j have the errors %.60j", (fields, expected) => {
    expect(texts(secrets.validate!(secret(fields)))).toEqual(expected);
  });

  it("keep their type, and everything once immutable", () => {
    const before = secret({ immutable: true, data: { a: "MQ==" } });
    expect(
      texts(secrets.validateUpdate!(secret({ type: "x", immutable: true, data: before.data }), before)),
    ).toEqual(['type: Invalid value: "x": field is immutable']);
    expect(texts(secrets.validateUpdate!(secret({ data: {} }), before))).toEqual([
      "immutable: Forbidden: field is immutable when `immutable` is set",
      "data: Forbidden: field is immutable when `immutable` is set",
    ]);
  });
});

describe("config maps", () => {
  const map = (fields: object) => object("ConfigMap", fields) as ConfigMap;

  it("check keys and size", () => {
    expect(texts(configMaps.validate!(map({ data: { a: "1" }, binaryData: { a: "MQ==" } })))).toEqual([
      'data[a]: Invalid value: "a": duplicate of key present in binaryData',
    ]);
    expect(texts(configMaps.validate!(map({ data: { a: "x".repeat(1024 * 1024 + 1) } })))).toEqual([
      "[]: Too long: may not be more than 1048576 bytes",
    ]);
  });

  it("stay as they are once immutable", () => {
    const before = map({ immutable: true, data: { a: "1" } });
    expect(texts(configMaps.validateUpdate!(map({ immutable: true, data: { a: "2" } }), before))).toEqual([
      "data: Forbidden: field is immutable when `immutable` is set",
    ]);
    expect(configMaps.validateUpdate!(map({ data: { a: "2" } }), map({ data: { a: "1" } }))).toEqual([]);
  });
});
