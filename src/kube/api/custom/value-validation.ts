import { isJsonNumber, isJsonObject } from "../../../formats/index.ts";
import type { FieldError } from "../types.ts";
import type { Correlation } from "./correlation.ts";
import { stringFormat } from "./string-formats.ts";
import type { StructuralSchema } from "./structural-schema.ts";
import { type ValueProblem, valueFieldErrors } from "./value-problem.ts";
import {
  enumProblem,
  formatProblem,
  listProblems,
  numberProblems,
  sizeProblems,
  textProblem,
  typeProblem,
} from "./value-rules.ts";

/** What is wrong with a value, and how many checks went well: of alternatives that all fail, the best one is told. */
class Result {
  readonly problems: ValueProblem[] = [];
  readonly #messages = new Set<string>();
  matches = 0;

  add(...problems: readonly (ValueProblem | undefined)[]): void {
    for (const problem of problems) {
      if (problem === undefined || this.#messages.has(problem.message)) continue;
      this.#messages.add(problem.message);
      this.problems.push(problem);
    }
  }

  merge(other: Result): void {
    this.add(...other.problems);
    this.matches += other.matches;
  }

  get isValid(): boolean {
    return this.problems.length === 0;
  }
}

/** Defaults are held to schemas that say less: int-or-string has no type of its own, and every format counts. */
export type Reading = "served" | "default";

interface Context {
  reading: Reading;
  /** What of the value was there before: where that fails unchanged, it is let through. */
  correlation?: Correlation | undefined;
}

/**
 * What is wrong with a value by its schema, in the words and at the places that upstream has for it (kube-openapi
 * validate, apiextensions-apiserver ValidateCustomResource). With a `correlation`, parts that fail as they did before the
 * update are let through.
 */
export function validateValue(
  value: unknown,
  schema: StructuralSchema,
  {
    path = "",
    reading = "served",
    correlation,
  }: { path?: string; reading?: Reading; correlation?: Correlation | undefined } = {},
): FieldError[] {
  const result = validate(value, schema, "", { reading, correlation });
  return valueFieldErrors(path, result.problems);
}

function validate(value: unknown, schema: StructuralSchema, path: string, context: Context): Result {
  const result = validateFresh(value, schema, path, context);
  if (result.isValid || !context.correlation?.isUnchanged) return result;
  const lenient = new Result();
  lenient.matches = result.matches;
  return lenient;
}

function typesOf({ type, isIntOrString }: StructuralSchema, reading: Reading): readonly string[] {
  if (isIntOrString && reading === "served") return ["integer", "string"];
  return type === "" ? [] : [type];
}

function formatOf({ source }: StructuralSchema, reading: Reading): string {
  const format = source.format ?? "";
  return reading === "default" || stringFormat(format) !== undefined ? format : "";
}

function validateFresh(value: unknown, schema: StructuralSchema, path: string, context: Context): Result {
  const result = new Result();
  const types = typesOf(schema, context.reading);
  const format = formatOf(schema, context.reading);
  const wrongType = typeProblem(path, value, { types, format, isNullable: schema.isNullable });
  result.add(wrongType);
  if (value === null) {
    result.matches += wrongType === undefined ? 1 : 0;
    result.add(enumProblem(path, value, schema.source.enum));
    return result;
  }
  if (types.length > 0 || format !== "") result.matches += wrongType === undefined ? 2 : 1;
  result.merge(validateAlternatives(value, schema, path, context.reading));
  result.matches++;
  if (typeof value === "string") validateText(value, schema, path, format, result);
  if (isJsonNumber(value)) {
    result.add(...numberProblems(path, value, schema));
    result.matches += 2;
  }
  if (Array.isArray(value)) validateItems(value, schema, path, context, result);
  result.add(enumProblem(path, value, schema.source.enum));
  result.matches++;
  if (isJsonObject(value)) validateFields(value, schema, path, context, result);
  result.matches++;
  return result;
}

function validateText(
  text: string,
  schema: StructuralSchema,
  path: string,
  format: string,
  result: Result,
): void {
  result.add(textProblem(path, text, schema));
  result.matches++;
  if (stringFormat(format) === undefined) return;
  result.add(formatProblem(path, text, format));
  result.matches++;
}

function validateItems(
  list: readonly unknown[],
  schema: StructuralSchema,
  path: string,
  { reading, correlation }: Context,
  result: Result,
): void {
  if (schema.items !== undefined) {
    list.forEach((item, index) => {
      const context = { reading, correlation: correlation?.item(index) };
      result.merge(validate(item, schema.items!, `${path}[${index}]`, context));
    });
  }
  result.add(...listProblems(path, list, schema));
  result.matches += 2;
}

function validateFields(
  object: Record<string, unknown>,
  schema: StructuralSchema,
  path: string,
  { reading, correlation }: Context,
  result: Result,
): void {
  result.add(...sizeProblems(path, object, schema));
  const additional = schema.additionalProperties?.schema;
  if (additional !== undefined) {
    for (const [name, value] of Object.entries(object)) {
      if (schema.properties.has(name)) continue;
      const context = { reading, correlation: fieldOf(correlation, path, name) };
      result.merge(validate(value, additional, `${path}.${name}`, context));
    }
  }
  for (const [name, property] of schema.properties) {
    if (!Object.hasOwn(object, name)) continue;
    const context = { reading, correlation: fieldOf(correlation, path, name) };
    result.merge(validate(object[name], property, path === "" ? name : `${path}.${name}`, context));
  }
  for (const name of schema.required) {
    if (Object.hasOwn(object, name)) continue;
    result.add({ kind: "required", name: `${path}.${name}`, message: `${path}.${name} in body is required` });
  }
  result.matches++;
}

/** The versions that objects are of are not seen to change: old and new are of the same. */
function fieldOf(correlation: Correlation | undefined, path: string, name: string): Correlation | undefined {
  if (path === "" && (name === "kind" || name === "apiVersion")) return undefined;
  return correlation?.field(name);
}

/** `anyOf`, `oneOf`, `allOf` and `not`. What failed before an update fails here all the same. */
function validateAlternatives(
  value: unknown,
  schema: StructuralSchema,
  path: string,
  reading: Reading,
): Result {
  const main = new Result();
  const each = (schemas: readonly StructuralSchema[]) =>
    schemas.map((one) => validate(value, one, path, { reading }));
  if (schema.anyOf.length > 0) judgeAnyOf(each(schema.anyOf), path, main);
  if (schema.oneOf.length > 0) judgeOneOf(each(schema.oneOf), path, main);
  if (schema.allOf.length > 0) judgeAllOf(each(schema.allOf), path, main);
  if (schema.not !== undefined && validate(value, schema.not, path, { reading }).isValid)
    main.add(ofSchemas(path, "must not validate the schema (not)"));
  main.matches++;
  return main;
}

const ofSchemas = (path: string, why: string): ValueProblem => ({
  kind: "schemas",
  name: path,
  message: `${JSON.stringify(path)} ${why}`,
});

/** Of those that fail, the first of those with the most checks that went well. */
function best(results: readonly Result[]): Result | undefined {
  return results.reduce<Result | undefined>(
    (most, one) => (most === undefined || one.matches > most.matches ? one : most),
    undefined,
  );
}

function judgeAnyOf(results: readonly Result[], path: string, main: Result): void {
  const valid = results.find((one) => one.isValid);
  if (valid === undefined) main.add(ofSchemas(path, "must validate at least one schema (anyOf)"));
  main.merge(valid ?? best(results)!);
}

function judgeOneOf(results: readonly Result[], path: string, main: Result): void {
  const valid = results.filter((one) => one.isValid);
  if (valid.length === 1) {
    main.merge(valid[0]!);
    return;
  }
  const found = valid.length === 0 ? "Found none valid" : `Found ${valid.length} valid alternatives`;
  main.add(ofSchemas(path, `must validate one and only one schema (oneOf). ${found}`));
  if (valid.length === 0) main.merge(best(results)!);
}

function judgeAllOf(results: readonly Result[], path: string, main: Result): void {
  for (const one of results) main.merge(one);
  const failed = results.filter((one) => !one.isValid).length;
  if (failed === 0) return;
  const suffix = failed === results.length ? ". None validated" : "";
  main.add(ofSchemas(path, `must validate all the schemas (allOf)${suffix}`));
}
