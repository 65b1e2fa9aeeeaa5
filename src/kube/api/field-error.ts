import type { FieldError } from "./types.ts";

/**
 * The constructors of apimachinery's field package. Each answers with a finished FieldError; validators push them onto
 * a list. `value` is printed as Go prints it.
 */
const make = (type: string, field: string, head: string, detail: string): FieldError => ({
  type,
  field,
  message: detail === "" ? head : `${head}: ${detail}`,
});

export const required = (field: string, detail = ""): FieldError =>
  make("FieldValueRequired", field, "Required value", detail);

export const invalid = (field: string, value: unknown, detail: string): FieldError =>
  make("FieldValueInvalid", field, `Invalid value: ${goValue(value)}`, detail);

/** As `invalid`, where upstream leaves the value out. */
export const invalidUnshown = (field: string, detail: string): FieldError =>
  make("FieldValueInvalid", field, "Invalid value", detail);

export const forbidden = (field: string, detail: string): FieldError =>
  make("FieldValueForbidden", field, "Forbidden", detail);

/** What upstream itself could not do. */
export const internal = (field: string, detail: string): FieldError =>
  make("InternalError", field, "Internal error", detail);

export const duplicate = (field: string, value: unknown): FieldError =>
  make("FieldValueDuplicate", field, `Duplicate value: ${goValue(value)}`, "");

export const notFoundValue = (field: string, value: unknown): FieldError =>
  make("FieldValueNotFound", field, `Not found: ${goValue(value)}`, "");

export const internalError = (field: string, why: string): FieldError =>
  make("InternalError", field, "Internal error", why);

export const tooLong = (field: string, maxBytes: number): FieldError =>
  make("FieldValueTooLong", field, "Too long", `may not be more than ${maxBytes} bytes`);

export const tooMany = (field: string, actual: number, max: number): FieldError =>
  make("FieldValueTooMany", field, `Too many: ${actual}`, `must have at most ${max} items`);

export const notSupported = (field: string, value: unknown, supported: readonly string[]): FieldError =>
  make(
    "FieldValueNotSupported",
    field,
    `Unsupported value: ${goValue(value)}`,
    supported.length === 0
      ? ""
      : `supported values: ${supported.map((one) => JSON.stringify(one)).join(", ")}`,
  );

export const IMMUTABLE = "field is immutable";

/** Scalars as `%v` and `%q`, lists of strings and what is a GoLiteral as `%#v`, other objects as JSON. */
export function goValue(value: unknown): string {
  if (value === undefined || value === null) return '"null"';
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value !== "object") return String(value);
  if (value instanceof GoLiteral) return value.text;
  if (isStringList(value)) return goStringList(value);
  return JSON.stringify(value);
}

const isStringList = (value: object): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === "string");

/** `[]string{"a", "b"}`. */
export function goStringList(list: readonly string[] | null | undefined, type = "string"): string {
  if (list === undefined || list === null) return `[]${type}(nil)`;
  return `[]${type}{${list.map((item) => JSON.stringify(item)).join(", ")}}`;
}

/** A value whose type prints itself: it stands without quotes (core.ResourceName, for one). */
export const printed = (text: string): GoLiteral => new GoLiteral(text);

/** A value that upstream prints in Go's own notation. */
export class GoLiteral {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** `map[string]string{"a":"b"}`, keys sorted. */
export function goStringMap(map: Record<string, string> | undefined): GoLiteral {
  if (map === undefined) return new GoLiteral("map[string]string(nil)");
  const pairs = Object.keys(map)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${JSON.stringify(map[key])}`);
  return new GoLiteral(`map[string]string{${pairs.join(", ")}}`);
}

interface SelectorShape {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

/** A `v1.LabelSelector` in Go's notation: what a changed Deployment selector is answered with. */
export function goLabelSelector(selector: SelectorShape | undefined): GoLiteral {
  const list = selector?.matchExpressions?.map((one) => {
    const values =
      one.values === undefined
        ? "[]string(nil)"
        : `[]string{${one.values.map((value) => JSON.stringify(value)).join(", ")}}`;
    return `v1.LabelSelectorRequirement{Key:${JSON.stringify(one.key)}, Operator:${JSON.stringify(one.operator)}, Values:${values}}`;
  });
  const expressions =
    list === undefined
      ? "[]v1.LabelSelectorRequirement(nil)"
      : `[]v1.LabelSelectorRequirement{${list.join(", ")}}`;
  const labels = goStringMap(selector?.matchLabels).text;
  return new GoLiteral(`v1.LabelSelector{MatchLabels:${labels}, MatchExpressions:${expressions}}`);
}

/** One `invalid` for each thing that is wrong with a text. */
export function invalidEach(field: string, value: unknown, problems: readonly string[]): FieldError[] {
  return problems.map((problem) => invalid(field, value, problem));
}

export function nonNegative(field: string, value: number | undefined): FieldError[] {
  return value !== undefined && value < 0
    ? [invalid(field, value, "must be greater than or equal to 0")]
    : [];
}

/** The value must be one of a list; an empty one is missing. */
export function oneOf(field: string, value: string | undefined, supported: readonly string[]): FieldError[] {
  if (value === undefined || value === "") return [required(field)];
  return supported.includes(value) ? [] : [notSupported(field, value, supported)];
}

/** As `oneOf` for a field that may be absent. */
export function optionalOneOf(
  field: string,
  value: string | undefined,
  supported: readonly string[],
): FieldError[] {
  return value === undefined || supported.includes(value) ? [] : [notSupported(field, value, supported)];
}
