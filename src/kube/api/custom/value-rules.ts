import { compileGoRegexp, type GoRegexp, isJsonNumber, jsonEquals } from "../../../formats/index.ts";
import { goFloat, isInt64 } from "../go-print.ts";
import { isIntegerLike } from "./integer-like.ts";
import { stringFormat } from "./string-formats.ts";
import type { StructuralSchema } from "./structural-schema.ts";
import type { ValueProblem } from "./value-problem.ts";

/** `integer` or `number`: what fits an int64 is one to Go. */
export function jsonType(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (isJsonNumber(value)) return isInt64(value) ? "integer" : "number";
  return typeof value === "object" ? "object" : typeof value;
}

const GO_FORMATS: Record<string, string> = { integer: "int64", number: "float64" };

/** The value's type is none of those asked for (kube-openapi typeValidator). `format` is empty where none counts. */
export function typeProblem(
  path: string,
  value: unknown,
  { types, format, isNullable }: { types: readonly string[]; format: string; isNullable: boolean },
): ValueProblem | undefined {
  if (types.length === 0 && format === "") return undefined;
  if (value === null)
    return types.length > 0 && !isNullable ? wrongType(path, types.join(","), "null") : undefined;
  const type = jsonType(value);
  const isFitting =
    types.includes(type) ||
    (type === "number" && types.includes("integer") && isIntegerLike(value as number)) ||
    (type === "integer" && types.includes("number"));
  const goFormat = GO_FORMATS[type] ?? "";
  const isTextOrList = type === "string" || type === "array";
  if (!isTextOrList && format !== "" && !isFitting && goFormat !== format)
    return wrongType(path, format, goFormat);
  // A format speaks of texts: of one, and of a list, nothing else is asked.
  if (isTextOrList && format !== "" && !types.includes("number") && !types.includes("integer"))
    return undefined;
  return isFitting ? undefined : wrongType(path, types.join(","), type);
}

function wrongType(path: string, wanted: string, given: string): ValueProblem {
  const message = `${path} in body must be of type ${wanted}: ${JSON.stringify(given)}`;
  return { kind: "type", name: path, value: given, message };
}

export function enumProblem(
  path: string,
  value: unknown,
  allowed: readonly unknown[] = [],
): ValueProblem | undefined {
  if (allowed.length === 0 || (value !== null && allowed.some((one) => isSame(value, one)))) return undefined;
  const message = `${path} in body should be one of ${JSON.stringify(allowed)}`;
  return { kind: "enum", name: path, value, allowed, message };
}

/** Go turns the value into the type of what it is compared to: a whole number has no fraction. */
function isSame(value: unknown, allowed: unknown): boolean {
  const isWhole = typeof value === "number" && Number.isInteger(allowed);
  return jsonEquals(isWhole ? Math.trunc(value) : value, allowed);
}

/** A text that is too long, too short or of another pattern: the first that is wrong. */
export function textProblem(
  path: string,
  text: string,
  { source }: StructuralSchema,
): ValueProblem | undefined {
  const length = source.maxLength === undefined && source.minLength === undefined ? 0 : lengthOf(text);
  const { maxLength, minLength, pattern } = source;
  if (maxLength !== undefined && length > maxLength) {
    const message = `${path} in body should be at most ${maxLength} chars long`;
    return { kind: "tooLong", name: path, value: text, limit: maxLength, message };
  }
  const other = (why: string): ValueProblem => ({
    kind: "other",
    name: path,
    value: text,
    message: `${path} in body ${why}`,
  });
  if (minLength !== undefined && length < minLength)
    return other(`should be at least ${minLength} chars long`);
  if (pattern && !compiled(pattern).test(text)) return other(`should match '${pattern}'`);
  return undefined;
}

function lengthOf(text: string): number {
  let length = 0;
  for (const _ of text) length++;
  return length;
}

const patterns = new Map<string, GoRegexp>();
const MAX_PATTERNS = 4096;

/** Definitions hold valid patterns only; each is compiled once. */
function compiled(pattern: string): GoRegexp {
  const known = patterns.get(pattern);
  if (known !== undefined) return known;
  if (patterns.size >= MAX_PATTERNS) patterns.clear();
  const regexp = compileGoRegexp(pattern);
  patterns.set(pattern, regexp);
  return regexp;
}

export function formatProblem(path: string, text: string, format: string): ValueProblem | undefined {
  const test = stringFormat(format);
  return test === undefined || test(text) ? undefined : wrongType(path, format, text);
}

/** All that is wrong with a number. Whole numbers are held against whole limits, as Go's int64. */
export function numberProblems(
  path: string,
  value: number | bigint,
  { source }: StructuralSchema,
): ValueProblem[] {
  const isWhole = isInt64(value);
  const limitOf = (limit: number) => (isWhole ? Math.trunc(limit) : limit);
  const shown = (limit: number) => (isWhole ? String(limit) : goFloat(limit));
  const problem = (message: string, told: number | bigint = value): ValueProblem => ({
    kind: "other",
    name: path,
    value: told,
    message,
  });
  const problems: ValueProblem[] = [];
  if (source.multipleOf !== undefined) {
    const factor = limitOf(source.multipleOf);
    if (factor <= 0)
      problems.push(
        problem(`factor MultipleOf declared for ${path} must be positive: ${shown(factor)}`, factor),
      );
    else if (!isMultiple(value, factor))
      problems.push(problem(`${path} in body should be a multiple of ${shown(factor)}`));
  }
  if (source.minimum !== undefined) {
    const limit = limitOf(source.minimum);
    if (source.exclusiveMinimum ? value <= limit : value < limit) {
      const or = source.exclusiveMinimum ? "" : " or equal to";
      problems.push(problem(`${path} in body should be greater than${or} ${shown(limit)}`));
    }
  }
  if (source.maximum !== undefined) {
    const limit = limitOf(source.maximum);
    if (source.exclusiveMaximum ? value >= limit : value > limit) {
      const or = source.exclusiveMaximum ? "" : " or equal to";
      problems.push(problem(`${path} in body should be less than${or} ${shown(limit)}`));
    }
  }
  return problems;
}

function isMultiple(value: number | bigint, factor: number): boolean {
  if (typeof value === "bigint") return Number.isInteger(factor) && value % BigInt(factor) === 0n;
  if (isInt64(value)) return value % factor === 0;
  return isIntegerLike(factor < 1 ? (1 / factor) * value : value / factor);
}

/** How many items a list has, and whether two of them are the same. */
export function listProblems(
  path: string,
  list: readonly unknown[],
  { source }: StructuralSchema,
): ValueProblem[] {
  const { minItems, maxItems, uniqueItems } = source;
  const problems: ValueProblem[] = [];
  if (minItems !== undefined && list.length < minItems) {
    const message = `${path} in body should have at least ${minItems} items`;
    problems.push({ kind: "other", name: path, value: list.length, message });
  }
  if (maxItems !== undefined && list.length > maxItems) {
    const message = `${path} in body should have at most ${maxItems} items`;
    problems.push({ kind: "tooMany", name: path, value: list.length, limit: maxItems, message });
  }
  if (uniqueItems && list.some((item, index) => list.slice(0, index).some((one) => jsonEquals(one, item)))) {
    problems.push({
      kind: "other",
      name: path,
      value: "",
      message: `${path} in body shouldn't contain duplicates`,
    });
  }
  return problems;
}

/** How many fields an object has, and that there is none where none may be. */
export function sizeProblems(path: string, object: object, schema: StructuralSchema): ValueProblem[] {
  const { minProperties, maxProperties } = schema.source;
  const names = Object.keys(object);
  const problems: ValueProblem[] = [];
  if (minProperties !== undefined && names.length < minProperties) {
    const message = `${path} in body should have at least ${minProperties} properties`;
    problems.push({ kind: "other", name: path, value: names.length, message });
  }
  if (maxProperties !== undefined && names.length > maxProperties) {
    const message = `${path} in body should have at most ${maxProperties} properties`;
    problems.push({ kind: "tooMany", name: path, value: names.length, limit: maxProperties, message });
  }
  if (schema.additionalProperties?.allows !== false) return problems;
  for (const name of names.filter((one) => !schema.properties.has(one))) {
    problems.push({
      kind: "other",
      name: path,
      value: name,
      message: `${path}.${name} in body is a forbidden property`,
    });
  }
  return problems;
}
