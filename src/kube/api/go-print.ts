import { compareUtf8 } from "../../formats/index.ts";

/**
 * How Go's `%v` prints a decoded JSON value: `map[a:1 b:[x y]]`, keys in order. `number` is `goFloat` where the decoder
 * was one that knows no integers.
 */
export function goPrinted(value: unknown, number: (value: number) => string = String): string {
  if (value === null || value === undefined) return "<nil>";
  if (Array.isArray(value)) return `[${value.map((one) => goPrinted(one, number)).join(" ")}]`;
  if (typeof value === "number") return number(value);
  if (typeof value === "bigint") return number === goFloat ? goFloat(Number(value)) : String(value);
  if (typeof value !== "object") return String(value);
  const pairs = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${pairs.map(([key, one]) => `${key}:${goPrinted(one, number)}`).join(" ")}]`;
}

/** The type that Go's decoder gives a JSON value. */
export function goType(value: unknown): string {
  if (value === null || value === undefined) return "%!s(<nil>)";
  if (Array.isArray(value)) return "[]interface {}";
  switch (typeof value) {
    case "object":
      return "map[string]interface {}";
    case "number":
      return Number.isInteger(value) ? "int64" : "float64";
    case "bigint":
      return "int64";
    case "boolean":
      return "bool";
    default:
      return "string";
  }
}

/** A float64 as `%v` prints it: the fewest digits, with an exponent below 1e-04 and from 1e+06 on. */
export function goFloat(value: number): string {
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-4 && size < 1e6)) return String(value);
  const [mantissa, exponent] = value.toExponential().split("e") as [string, string];
  return `${mantissa}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
}

/** Whether Go decodes a number of JSON as an int64, and else as a float64. */
export const isInt64 = (value: number | bigint): boolean =>
  typeof value === "bigint" || (Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63);

const HTML = /[<>&\u2028\u2029]/g;
const escaped = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** JSON with what HTML minds escaped, as Go's encoder has it. */
export const escapedHtml = (json: string) => json.replace(HTML, escaped);

const HTML_CHARS = ["<", ">", "&", "\u2028", "\u2029"];

/**
 * JSON as Go's encoder writes it to a client, with the members as they stand. Clients compare such bytes: a controller that kept
 * a `runtime.RawExtension` wants those back that it sent. `indent`: spaces a level.
 */
export function goEncodedJson(value: object, indent?: number): string {
  const json = JSON.stringify(value, null, indent);
  return HTML_CHARS.some((char) => json.includes(char)) ? escapedHtml(json) : json;
}

/** A decoded JSON value as Go's encoder writes it: keys in order, and what HTML minds escaped in texts. */
export function goJson(value: unknown): string {
  if (typeof value === "string") return goJsonString(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value ?? null);
  if (Array.isArray(value)) return `[${value.map(goJson).join(",")}]`;
  const pairs = Object.keys(value)
    .sort(compareUtf8)
    .map((key) => `${goJsonString(key)}:${goJson((value as Record<string, unknown>)[key])}`);
  return `{${pairs.join(",")}}`;
}

const PLAIN = /^[\w ./:-]*$/;

function goJsonString(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : escapedHtml(JSON.stringify(text));
}

/** A decoded JSON value as `%#v` prints it: `map[string]interface {}{"a":1}`; `number` as for `goPrinted`. */
export function goSyntax(value: unknown, number: (value: number) => string = String): string {
  if (value === null || value === undefined) return "interface {}(nil)";
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") return number(value);
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value)) return `[]interface {}{${value.map((one) => goSyntax(one, number)).join(", ")}}`;
  const pairs = Object.entries(value).sort(([a], [b]) => compareUtf8(a, b));
  const texts = pairs.map(([key, one]) => `${JSON.stringify(key)}:${goSyntax(one, number)}`);
  return `map[string]interface {}{${texts.join(", ")}}`;
}

const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** Go's unicode.IsPrint of one character: letters, marks, numbers, punctuation, symbols, and of all spaces the ASCII one. */
export const isPrintable = (char: string): boolean => PRINTABLE.test(char);
