import { invalidFilter, invalidRequest } from "./errors.ts";
import type { Filters } from "./types.ts";

/** Refuses a filter that is not among `known`. */
export function assertKnownFilters(filters: Filters, known: readonly string[]): void {
  for (const name of Object.keys(filters)) if (!known.includes(name)) throw invalidFilter(name);
}

/** No filter of that name, or one whose value is `text`. */
export function matchesExactly(filters: Filters, name: string, text: string): boolean {
  const values = filters[name];
  return !values?.length || values.includes(text);
}

/** No filter of that name, or one whose value, as a regular expression or a prefix of it, fits one of the texts. */
export function matchesPattern(filters: Filters, name: string, texts: readonly string[]): boolean {
  const values = filters[name];
  if (!values?.length) return true;
  return values.some((value) => texts.some((text) => text === value || patternFits(value, text)));
}

function patternFits(pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern).test(text);
  } catch {
    return text.includes(pattern);
  }
}

/** All `key` or `key=value` conditions hold. */
export function matchesLabels(
  conditions: readonly string[] | undefined,
  labels: Readonly<Record<string, string>> | null | undefined,
): boolean {
  return (conditions ?? []).every((condition) => {
    const equals = condition.indexOf("=");
    const key = equals < 0 ? condition : condition.slice(0, equals);
    if (!labels || !Object.hasOwn(labels, key)) return false;
    return equals < 0 || labels[key] === condition.slice(equals + 1);
  });
}

/** A boolean filter's value; undefined when it is not set. */
export function booleanFilter(filters: Filters, name: string): boolean | undefined {
  const values = filters[name];
  if (values === undefined) return undefined;
  const isTrue = values.includes("1") || values.includes("true");
  if (isTrue !== (values.includes("0") || values.includes("false"))) return isTrue;
  throw invalidFilter(name, values.length > 0 ? `[${values.join(" ")}]` : undefined);
}

/** Docker's `until`: a Go duration before now, a date, or Unix seconds. Milliseconds. */
export function untilFilterMs(filters: Filters, nowMs: number): number | undefined {
  const value = filters.until?.[0];
  if (value === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000;
  const durationMs = goDurationMs(value);
  if (durationMs !== undefined) return nowMs - durationMs;
  const date = Date.parse(value);
  if (Number.isNaN(date))
    throw invalidRequest(`failed to parse value as time or duration: ${JSON.stringify(value)}`);
  return date;
}

const UNIT_MS: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** `1h30m`; undefined when the text is no Go duration. */
export function goDurationMs(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, value, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)) {
    total += Number(value) * UNIT_MS[unit!]!;
  }
  return total;
}
