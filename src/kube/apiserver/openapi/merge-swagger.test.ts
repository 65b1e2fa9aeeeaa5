import { describe, expect, it } from "vitest";
import { mergedSwagger } from "./merge-swagger.ts";
import type { Swagger } from "./swagger.ts";
import { swaggerPart } from "./swagger-part.ts";

const KINDS = "x-kubernetes-group-version-kind";
const ref = (name: string) => ({ $ref: `#/definitions/${name}` });
const reading = (name: string) => ({ get: { responses: { 200: { schema: ref(name) } } } });
const swagger = (paths: Swagger["paths"], definitions: Swagger["definitions"]): Swagger => ({
  swagger: "2.0",
  info: { title: "t", version: "v" },
  paths,
  definitions,
});

describe("OpenAPI 2 documents of several servers", () => {
  it("are one, in which what differs has names of its own", () => {
    const own = swagger(
      { "/a": reading("A") },
      { A: { type: "object" }, M: { type: "string", [KINDS]: [{ kind: "M", group: "" }] } },
    );
    const first = swagger(
      { "/a": reading("M"), "/b": reading("A") },
      { A: { type: "object", properties: { m: ref("M") } }, M: { type: "string", [KINDS]: [{ kind: "M" }] } },
    );
    const second = swagger({ "/c": reading("A") }, { A: { type: "number" } });
    const third = swagger({ "/d": reading("A") }, { A: { type: "number" } });
    const merged = mergedSwagger(own, [first, second, third]);
    expect(merged.paths).toEqual({
      "/a": reading("A"),
      "/b": reading("A_v2"),
      "/c": reading("A_v3"),
      "/d": reading("A_v3"),
    });
    expect(merged.definitions).toEqual({
      A: { type: "object" },
      A_v2: { type: "object", properties: { m: ref("M") } },
      A_v3: { type: "number" },
      M: { type: "string", [KINDS]: [{ kind: "M", group: "" }, { kind: "M" }] },
    });
    expect(Object.keys(own.definitions)).toEqual(["A", "M"]);
  });

  it("follow their references through renamed definitions", () => {
    const own = swagger({}, { Meta: { type: "string" } });
    const other = swagger(
      { "/b": reading("B") },
      { B: { properties: { metadata: ref("Meta") } }, Meta: { type: "object" } },
    );
    expect(mergedSwagger(own, [other]).definitions).toEqual({
      Meta: { type: "string" },
      Meta_v2: { type: "object" },
      B: { properties: { metadata: ref("Meta_v2") } },
    });
  });

  it("bring in no more than the paths of their own versions, and what these need", () => {
    const name = { name: "name", in: "path", type: "string" };
    const pretty = { name: "pretty", in: "query", type: "string" };
    const part = swaggerPart(
      {
        info: { title: "other", version: "v0" },
        paths: {
          "/apis/a/v1/": { get: {} },
          "/apis/a/v1/things/{name}": {
            ...reading("Thing"),
            parameters: [name, { $ref: "#/parameters/pretty-1" }],
          },
          "/apis/a/v2/": { get: {} },
          "/version": reading("Info"),
        },
        definitions: { Thing: { properties: { part: ref("Part") } }, Part: { type: "string" }, Info: {} },
        parameters: { "pretty-1": pretty },
      },
      "/apis/a/v1/",
    );
    expect(part).toEqual({
      swagger: "2.0",
      info: { title: "other", version: "v0" },
      paths: {
        "/apis/a/v1/": { get: { parameters: [] } },
        "/apis/a/v1/things/{name}": { get: { ...reading("Thing").get, parameters: [name, pretty] } },
      },
      definitions: { Part: { type: "string" }, Thing: { properties: { part: ref("Part") } } },
    });
  });
});
