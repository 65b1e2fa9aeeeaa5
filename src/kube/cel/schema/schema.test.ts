import { describe, expect, it } from "vitest";
import { CelEnvironment } from "../environment.ts";
import { factOf } from "../testing/outcome.ts";
import { CelError } from "../values/cel-error.ts";
import { DeclStructTypes } from "./decl-struct-types.ts";
import { nameDecl } from "./decl-type.ts";
import { escapeProperty, unescapeProperty } from "./escape.ts";
import { OLD_SELF, SCHEMA, SCHEMA_FACTS, SELF } from "./schema.table.ts";
import { maxCardinality, schemaDeclType } from "./schema-decl-type.ts";
import { schemaSizes } from "./schema-sizes.ts";
import { schemaValue } from "./schema-value.ts";

const decl = nameDecl(schemaDeclType(SCHEMA)!, "selfType");
const environment = new CelEnvironment({
  variables: { self: decl.type, oldSelf: decl.type },
  structs: new DeclStructTypes([decl]),
});
const bindings = { self: schemaValue(SELF, SCHEMA), oldSelf: schemaValue(OLD_SELF, SCHEMA) };

describe("expressions on data with a schema", () => {
  it.each(SCHEMA_FACTS)("%s", (...fact) => {
    expect(factOf(environment, fact[0], bindings, schemaSizes(decl))).toEqual(fact);
  });
});

describe("escapes", () => {
  it.each([
    ["name", "name"],
    ["a-b", "a__dash__b"],
    ["a.b/c", "a__dot__b__slash__c"],
    ["a__b", "a__underscores__b"],
    ["a___b", "a__underscores___b"],
    ["namespace", "__namespace__"],
    ["_", "_"],
    ["1a", undefined],
    ["", undefined],
    ["a b", undefined],
    ["é", undefined],
  ])("%s", (name, escaped) => {
    expect(escapeProperty(name)).toBe(escaped);
    if (escaped !== undefined) expect(unescapeProperty(escaped)).toBe(name);
  });

  it("refuses escapes that are none", () => {
    expect(unescapeProperty("a__foo__b")).toBeUndefined();
    expect(unescapeProperty("a__in__")).toBeUndefined();
  });
});

describe("types of schemas", () => {
  it("says nothing of what has no type", () => {
    expect(schemaDeclType({ "x-kubernetes-preserve-unknown-fields": true })).toBeUndefined();
    expect(schemaDeclType({ type: "array", items: {} })).toBeUndefined();
    expect(schemaDeclType({ type: "object", properties: { a: {} } })?.fields?.size).toBe(0);
  });

  it("always knows the kind and name of a resource", () => {
    const fields = schemaDeclType({ type: "object" }, "resource-root")!.fields!;
    expect([...fields.keys()].sort()).toEqual(["apiVersion", "kind", "metadata"]);
    expect([...fields.get("metadata")!.fields!.keys()]).toEqual(["name", "generateName"]);
  });

  it("bounds how often data can stand in a request by the least that it takes", () => {
    expect(maxCardinality(schemaDeclType({ type: "boolean" })!)).toBe(629_145);
    const required = { type: "object", required: ["a"], properties: { a: { type: "string" } } };
    expect(maxCardinality(schemaDeclType(required)!)).toBe(314_572);
  });

  it("makes an error of data that does not fit", () => {
    expect(schemaValue(null, { type: "string" })).toEqual(
      new CelError("invalid data, got null for schema with nullable=false"),
    );
    expect(schemaValue(1, { type: "string" })).toEqual(
      new CelError("invalid data, expected string, got int64"),
    );
    expect(schemaValue("a", { type: "integer" })).toEqual(
      new CelError("invalid data, expected int, got string"),
    );
  });
});
