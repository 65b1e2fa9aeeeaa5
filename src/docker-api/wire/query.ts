import { invalidArgument } from "../../base/index.ts";
import type { Filters } from "../../engine/types.ts";

/** Docker's booleans: everything counts as true but absence, ``, `0`, `no`, `false` and `none`. */
export function flag(query: URLSearchParams, name: string, otherwise = false): boolean {
  const value = query.get(name);
  if (value === null) return otherwise;
  return !["", "0", "no", "false", "none"].includes(value.trim().toLowerCase());
}

/** A whole number, or undefined when the parameter is absent or empty. */
export function integer(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null || value === "") return undefined;
  const number = Number(value);
  if (!/^[+-]?\d+$/.test(value) || !Number.isSafeInteger(number)) {
    throw invalidArgument(`strconv.Atoi: parsing ${JSON.stringify(value)}: invalid syntax`, {
      code: "DockerApi.Query",
      details: { parameter: name },
    });
  }
  return number;
}

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
      result[key] = Object.keys(value).filter((item) => (value as Record<string, unknown>)[item] === true);
    } else throw invalidFilter(raw);
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
    throw invalidFilter(raw);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalidFilter(raw);
  return value as Record<string, unknown>;
}

function invalidFilter(raw: string): Error {
  return invalidArgument(`invalid filter: ${raw.slice(0, 200)}`, { code: "DockerApi.Filter" });
}

/** `1700000000.123456789`, RFC 3339, or a Go duration back from now, in milliseconds; undefined when absent or `0`. */
export function timestamp(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null || value === "" || value === "0") return undefined;
  if (/^-?\d+(\.\d+)?$/.test(value)) return Number(value) * 1000;
  const parsed = Date.parse(value);
  if (Number.isNaN(parsed)) {
    throw invalidArgument(`invalid value for ${JSON.stringify(name)}: ${value}`, { code: "DockerApi.Query" });
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
