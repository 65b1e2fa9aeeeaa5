import { invalidArgument } from "../../base/index.ts";
import type { Filters } from "../../engine/types.ts";

/** Refuses a query that Go's url.ParseQuery cannot read; the built-in reader takes anything. */
export function assertQuery(url: string): void {
  const at = url.indexOf("?");
  if (at < 0) return;
  for (const part of url.slice(at + 1).split("&")) {
    if (part.includes(";")) {
      throw invalidArgument("invalid semicolon separator in query", { code: "DockerApi.Query" });
    }
    // The key and the value are unescaped apart, so what is quoted never reaches past the first "=".
    const bad = /%(?![0-9a-f]{2})(?:(?<=^[^=]*)[^=]{0,2}|.{0,2})/i.exec(part);
    if (bad)
      throw invalidArgument(`invalid URL escape ${JSON.stringify(bad[0])}`, { code: "DockerApi.Query" });
  }
}

/** Docker's booleans: everything counts as true but absence, ``, `0`, `no`, `false` and `none`. */
export function flag(query: URLSearchParams, name: string, otherwise = false): boolean {
  const value = query.get(name);
  if (value === null) return otherwise;
  return !["", "0", "no", "false", "none"].includes(value.trim().toLowerCase());
}

const MAX_INT64 = 2n ** 63n - 1n;
const INVALID_SYNTAX = "invalid syntax";
const OUT_OF_RANGE = "value out of range";

/** A whole number as Go's strconv.Atoi reads it, or undefined when the parameter is absent or empty. */
export function integer(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null || value === "") return undefined;
  const problem = integerProblem(value);
  if (problem) throw badQuery(`strconv.Atoi: parsing ${JSON.stringify(value)}: ${problem}`, name);
  return Number(value);
}

function integerProblem(value: string): string | undefined {
  if (!/^[+-]?\d+$/.test(value)) return INVALID_SYNTAX;
  const number = BigInt(value.replace(/^\+/, ""));
  return number > MAX_INT64 || number < -MAX_INT64 - 1n ? OUT_OF_RANGE : undefined;
}

/** A number of 32 bits without a sign, which has to be there; `what` names it in the refusal. */
export function unsigned32(query: URLSearchParams, name: string, what: string): number {
  const value = query.get(name) ?? "";
  const problem = unsigned32Problem(value);
  if (problem) throw badQuery(`${what} ${JSON.stringify(value)}: ${problem}`, name);
  return Number(value);
}

function unsigned32Problem(value: string): string | undefined {
  if (!/^-?\d+$/.test(value)) return INVALID_SYNTAX;
  const number = BigInt(value);
  return value.startsWith("-") || number >= 2n ** 32n ? OUT_OF_RANGE : undefined;
}

const badQuery = (message: string, parameter: string) =>
  invalidArgument(message, { code: "DockerApi.Query", details: { parameter } });

/** Text, or undefined when the parameter is absent or empty. */
export function text(query: URLSearchParams, name: string): string | undefined {
  return query.get(name) || undefined;
}

/**
 * Reads `filters={"status":["running"]}`, also the old form `{"status":{"running":true}}`. Filters that nobody knows are
 * refused by whoever applies them.
 */
export function filters(query: URLSearchParams, name = "filters"): Filters {
  const raw = query.get(name);
  const result: Filters = Object.create(null);
  if (raw === null || raw === "") return result;
  for (const [key, value] of Object.entries(parseObject(raw))) {
    if (Array.isArray(value) && value.every((item) => typeof item === "string")) result[key] = value;
    else if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      // The old form: that a value is there counts, whether it says true or false.
      if (!Object.values(value).every((item) => typeof item === "boolean")) throw invalidFilter();
      result[key] = Object.keys(value);
    } else throw invalidFilter();
  }
  return result;
}

/** Refuses filters that the endpoint does not know, with Docker's words. */
export function onlyFilters(given: Filters, known: readonly string[]): Filters {
  for (const key of Object.keys(given)) {
    if (!known.includes(key)) throw invalidArgument(`invalid filter '${key}'`, { code: "DockerApi.Filter" });
  }
  return given;
}

function parseObject(raw: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(raw);
  } catch {
    throw invalidFilter();
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalidFilter();
  return value as Record<string, unknown>;
}

function invalidFilter(): Error {
  return invalidArgument("invalid filter", { code: "DockerApi.Filter" });
}

/** A filter that says yes or no; what says neither or both is refused. */
export function booleanFilter(given: Filters, name: string): boolean | undefined {
  const values = given[name];
  if (values === undefined) return undefined;
  const isTrue = values.includes("1") || values.includes("true");
  if (isTrue !== (values.includes("0") || values.includes("false"))) return isTrue;
  throw invalidArgument(`invalid filter '${name}${values.length > 0 ? `=[${values.join(" ")}]` : ""}'`, {
    code: "DockerApi.Filter",
  });
}

/** `1700000000.123456789`, RFC 3339, or a Go duration back from now, in milliseconds; undefined when absent or `0`. */
export function timestamp(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null || value === "" || value === "0") return undefined;
  if (/^-?\d+(\.\d+)?$/.test(value)) return Number(value) * 1000;
  const parsed = Date.parse(value);
  if (Number.isNaN(parsed)) {
    throw badQuery(`strconv.ParseInt: parsing ${JSON.stringify(value)}: ${INVALID_SYNTAX}`, name);
  }
  return parsed;
}

/** Whether labels pass `label=key` and `label=key=value` filters (all must hold). */
export function labelsMatch(
  labels: Record<string, string> | null | undefined,
  wanted: readonly string[],
): boolean {
  return wanted.every((entry) => {
    const equals = entry.indexOf("=");
    const key = equals < 0 ? entry : entry.slice(0, equals);
    const value = labels && Object.hasOwn(labels, key) ? labels[key] : undefined;
    return value !== undefined && (equals < 0 || value === entry.slice(equals + 1));
  });
}
