import { describe, expect, it } from "vitest";
import type { JsonSchema } from "./json-schema.ts";
import { structuralSchemaOf } from "./structural-schema.ts";
import { validateValue } from "./value-validation.ts";

const textOf = ({ field, message }: { field: string; message: string }) => `${field}: ${message}`;
const problems = (value: unknown, schema: JsonSchema, reading: "served" | "default" = "served") =>
  validateValue(value, structuralSchemaOf(schema), { reading }).map(textOf);

describe("a value", () => {
  it.each<[value: unknown, schema: JsonSchema, ...errors: string[]]>([
    [{ a: 5 }, { properties: { a: { type: "number" } } }],
    [{ a: 5.5 }, { properties: { a: { type: "number", multipleOf: 0.5 } } }],
    [
      { a: 5.25 },
      { properties: { a: { type: "number", multipleOf: 0.5 } } },
      "a: Invalid value: 5.25: a in body should be a multiple of 0.5",
    ],
    // A whole number is held against the whole part of a factor.
    [
      { a: 5 },
      { properties: { a: { type: "integer", multipleOf: 0.5 } } },
      "a: Invalid value: 0: factor MultipleOf declared for a must be positive: 0",
    ],
    [
      { a: 1, b: 1 },
      {
        properties: { a: { minimum: 1, exclusiveMinimum: true }, b: { maximum: 1, exclusiveMaximum: true } },
      },
      "a: Invalid value: 1: a in body should be greater than 1",
      "b: Invalid value: 1: b in body should be less than 1",
    ],
    [
      { a: 1500000.5 },
      { properties: { a: { maximum: 1e6 } } },
      "a: Invalid value: 1.5000005e+06: a in body should be less than or equal to 1e+06",
    ],
    [{ a: null }, { properties: { a: { type: "string", nullable: true } } }],
    [
      { a: null },
      { properties: { a: { type: "string", enum: ["x"], nullable: true } } },
      'a: Unsupported value: "null": supported values: "x"',
    ],
    [
      { a: 5 },
      { properties: { a: { type: "string", format: "date" } } },
      'a: Invalid value: "int64": a in body must be of type date: "int64"',
    ],
    [{ a: "x" }, { properties: { a: { type: "string", format: "int32" } } }],
    [
      { a: "x" },
      { properties: { a: { anyOf: [{ minLength: 2 }, { pattern: "^y" }] } } },
      '<nil>: Invalid value: "": "a" must validate at least one schema (anyOf)',
      'a: Invalid value: "x": a in body should be at least 2 chars long',
    ],
    [
      { a: "x" },
      { properties: { a: { allOf: [{ minLength: 2 }, { maxLength: 2 }] } } },
      'a: Invalid value: "x": a in body should be at least 2 chars long',
      '<nil>: Invalid value: "": "a" must validate all the schemas (allOf)',
    ],
    [
      { a: "x" },
      { properties: { a: { not: { minLength: 1 } } } },
      '<nil>: Invalid value: "": "a" must not validate the schema (not)',
    ],
    // Of alternatives, the one with the most checks that went well is told, and of equal ones the first.
    [
      { kind: "b", size: 9 },
      {
        oneOf: [
          { properties: { other: { enum: ["a"] }, size: { maximum: 1 } } },
          { properties: { kind: { enum: ["b"] }, size: { maximum: 5 } } },
        ],
      },
      '<nil>: Invalid value: "": "" must validate one and only one schema (oneOf). Found none valid',
      "size: Invalid value: 9: size in body should be less than or equal to 5",
    ],
    [{ a: 1 }, { minProperties: 2 }, "<nil>: Invalid value: 1:  in body should have at least 2 properties"],
    [
      { a: [1] },
      { properties: { a: { minItems: 2 } } },
      "a: Invalid value: 1: a in body should have at least 2 items",
    ],
    [
      { a: { b: 1 } },
      { properties: { a: { type: "object", additionalProperties: false } } },
      'a: Invalid value: "b": a.b in body is a forbidden property',
    ],
    [{ a: 1.5 }, { properties: { a: { enum: [1, 2] } } }],
    [{ __proto__: null }, { required: ["toString"] }, "toString: Required value"],
  ])("%j by %j", (value, schema, ...errors) => {
    expect(problems(value, schema)).toEqual(errors);
  });

  it("that is a default is held to what its schema says itself", () => {
    expect(problems(true, { "x-kubernetes-int-or-string": true }, "default")).toEqual([]);
    expect(problems(true, { "x-kubernetes-int-or-string": true })).toHaveLength(1);
  });
});
