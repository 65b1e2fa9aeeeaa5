import { describe, expect, it } from "vitest";
import type { ValidationRule } from "../generated/types.ts";
import { refusalsOnCreate, refusalsOnUpdate } from "../testing/refusals.ts";
import type { KubeObject, WriteContext } from "../types.ts";
import type { JsonSchema } from "./json-schema.ts";
import { ruleTree } from "./rule-tree.ts";
import { validateRulesOf } from "./rule-validator.ts";
import { structuralSchemaOf } from "./structural-schema.ts";
import { kindOf, widget } from "./testing/definition.ts";

const specOf = (rules: ValidationRule[]): JsonSchema => ({
  type: "object",
  properties: {
    spec: {
      type: "object",
      properties: {
        min: { type: "integer" },
        max: { type: "integer" },
        text: { type: "string", maxLength: 5 },
        port: { "x-kubernetes-int-or-string": true },
        list: {
          type: "array",
          items: {
            type: "object",
            required: ["k"],
            properties: { k: { type: "string" }, v: { type: "integer" } },
          },
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": ["k"],
        },
      },
      "x-kubernetes-validations": rules,
    },
  },
});

const BAD = { min: 3, max: 1 };
const RULE = "self.min <= self.max";

describe("rules on create", () => {
  it.each<[rule: ValidationRule, spec: object, ...errors: string[]]>([
    [{ rule: RULE }, { min: 1, max: 3 }],
    [{ rule: RULE }, BAD, 'Invalid spec: Invalid value: "object": failed rule: self.min <= self.max'],
    [{ rule: RULE, message: " no " }, BAD, 'Invalid spec: Invalid value: "object": no'],
    [
      { rule: RULE, messageExpression: "'min is ' + string(self.min)" },
      BAD,
      'Invalid spec: Invalid value: "object": min is 3',
    ],
    [
      { rule: RULE, messageExpression: "''", message: "no" },
      BAD,
      'Invalid spec: Invalid value: "object": no',
    ],
    [
      { rule: RULE, messageExpression: "string(1 / (self.min - 3))" },
      BAD,
      'Invalid spec: Invalid value: "object": failed rule: self.min <= self.max',
    ],
    [
      { rule: RULE, fieldPath: ".min", reason: "FieldValueForbidden", message: "no" },
      BAD,
      "Forbidden spec.min: Forbidden: no",
    ],
    [{ rule: RULE, reason: "FieldValueRequired", message: "no" }, BAD, "Required spec: Required value: no"],
    [{ rule: RULE, reason: "FieldValueDuplicate" }, BAD, 'Duplicate spec: Duplicate value: "object"'],
    [
      { rule: RULE },
      { min: 1 },
      'Invalid spec: Invalid value: "object": no such key: max evaluating rule: self.min <= self.max',
    ],
    [
      { rule: "self.port > 1" },
      { port: "a" },
      "Invalid spec: Invalid value: \"object\": 'no such overload': call arguments did not match a supported operator, function or macro signature for rule: self.port > 1",
    ],
    [{ rule: "self.min >= oldSelf.min" }, BAD],
    [
      { rule: "oldSelf.hasValue()", optionalOldSelf: true },
      BAD,
      'Invalid spec: Invalid value: "object": failed rule: oldSelf.hasValue()',
    ],
    // Other errors, after which nothing is known of what rules look at.
    [
      { rule: RULE },
      { ...BAD, text: "toolong" },
      "TooLong spec.text: Too long: may not be more than 5 bytes",
      'Invalid <nil>: Invalid value: "null": some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
    ],
  ])("%j %j", (rule, spec, ...errors) => {
    expect(refusalsOnCreate(kindOf(specOf([rule])), widget(spec), {})).toEqual(errors);
  });
});

describe("rules on update", () => {
  it.each<[rule: string, before: object, after: object, ...errors: string[]]>([
    ["self.min >= oldSelf.min", { min: 1 }, { min: 2 }],
    [
      "self.min >= oldSelf.min",
      { min: 2 },
      { min: 1 },
      'Invalid spec: Invalid value: "object": failed rule: self.min >= oldSelf.min',
    ],
    [RULE, BAD, { ...BAD, text: "x" }, `Invalid spec: Invalid value: "object": failed rule: ${RULE}`],
  ])("%s %j %j", (rule, before, after, ...errors) => {
    const kind = kindOf(specOf([{ rule }]));
    expect(refusalsOnUpdate(kind, widget(before), { spec: after })).toEqual(errors);
  });

  it("only warns of what was so before", () => {
    const kind = kindOf(specOf([{ rule: RULE }]));
    const before = widget(BAD) as KubeObject;
    const context = { warnings: [] as string[] } as WriteContext;
    const after = { ...before, metadata: { ...before.metadata, labels: { a: "b" } } };
    expect(kind.validate!(after, before, context)).toEqual([]);
    expect(context.warnings).toEqual([`spec: Invalid value: "object": failed rule: ${RULE}`]);
  });

  it("tells items of before by their keys", () => {
    const schema = specOf([]);
    const items = schema.properties!.spec!.properties!.list!.items as JsonSchema;
    items["x-kubernetes-validations"] = [{ rule: "self.v >= oldSelf.v" }];
    const before = {
      list: [
        { k: "a", v: 5 },
        { k: "b", v: 1 },
      ],
    };
    const after = {
      list: [
        { k: "b", v: 2 },
        { k: "a", v: 4 },
        { k: "c", v: 0 },
      ],
    };
    expect(refusalsOnUpdate(kindOf(schema), widget(before), { spec: after })).toEqual([
      'Invalid spec.list[1]: Invalid value: "object": failed rule: self.v >= oldSelf.v',
    ]);
  });
});

describe("the budget", () => {
  const all = "self.all(a, self.all(b, self.all(c, a + b + c >= 0)))";
  const list = (rule: string): JsonSchema => ({
    type: "array",
    items: { type: "integer" },
    "x-kubernetes-validations": [{ rule }, { rule: "false" }],
  });
  const errorsOf = (schema: JsonSchema, value: unknown, budget?: number) =>
    validateRulesOf(value, ruleTree(structuralSchemaOf(schema), { isResourceRoot: false })!, {
      path: "a",
      ...(budget === undefined ? {} : { budget }),
    }).errors.map((error) => error.message);

  it("ends with a rule that costs too much", () => {
    const numbers = Array.from({ length: 100 }, (_, index) => index);
    expect(errorsOf(list(all), numbers)).toEqual([
      `Invalid value: "array": 'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit for rule: ${all}`,
    ]);
  });

  it("ends with the rule that takes the rest", () => {
    const spent =
      'Invalid value: "array": validation failed due to running out of cost budget, no further validation rules will be run';
    expect(errorsOf(list("self.all(x, x >= 0)"), [1, 2, 3], 5)).toEqual([spent]);
    expect(errorsOf(list("true"), [], 0)).toEqual([spent]);
  });
});
