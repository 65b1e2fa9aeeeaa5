import { isJsonNumber } from "../../formats/index.ts";
import { GoLiteral } from "./field-error.ts";
import { goFloat, isInt64 } from "./go-print.ts";

/**
 * A decoded JSON value as an error shows it, whole numbers as int64: scalars by themselves, lists and maps as `%#v`
 * prints them.
 */
export function goUnstructured(value: unknown): GoLiteral | string | number | boolean | null {
  if (value === undefined || value === null) return null;
  if (isJsonNumber(value)) return new GoLiteral(goNumber(value));
  if (typeof value === "string" || typeof value === "boolean") return value;
  return new GoLiteral(literal(value));
}

const goNumber = (value: number | bigint) => (isInt64(value) ? String(value) : goFloat(Number(value)));

function literal(value: unknown): string {
  if (value === undefined || value === null) return "interface {}(nil)";
  if (isJsonNumber(value)) return goNumber(value);
  if (typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[]interface {}{${value.map(literal).join(", ")}}`;
  const pairs = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${literal((value as Record<string, unknown>)[key])}`);
  return `map[string]interface {}{${pairs.join(", ")}}`;
}
