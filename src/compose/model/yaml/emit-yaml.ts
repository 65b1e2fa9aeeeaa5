import { goFloat } from "../tree/index.ts";
import { compareKeys } from "./compare-keys.ts";
import { needsQuotes } from "./plain-scalar.ts";

/** What can be written: trees, and maps whose keys stand in an order of their own. */
export type YamlOut = string | number | boolean | null | YamlOut[] | { [key: string]: YamlOut } | OrderedMap;

/** Written in the order in which the entries stand, not in that of the keys. */
export class OrderedMap {
  readonly entries: readonly (readonly [string, YamlOut])[];

  constructor(entries: readonly (readonly [string, YamlOut])[]) {
    this.entries = entries;
  }
}

/** YAML in the layout of compose's `config`: two spaces a level, lists set in, quotes only where they are needed (go-yaml v3, emitter). */
export function emitYaml(value: YamlOut): string {
  return block(value, 0).replace(/^ /, "").replace(/^\n/, "") + "\n";
}

/** Begins with a space where it goes on in the line of its key, with a line break where it does not. */
function block(value: YamlOut, indent: number): string {
  const pad = " ".repeat(indent);
  if (Array.isArray(value)) {
    if (value.length === 0) return " []";
    // A list or map in a list begins in the line of its dash.
    return value.map((entry) => `\n${pad}-${inline(block(entry, indent + 2), indent + 2)}`).join("");
  }
  if (typeof value !== "object" || value === null) return ` ${scalar(value, indent, false)}`;
  const entries = entriesOf(value);
  if (entries.length === 0) return " {}";
  return entries
    .map(([key, entry]) => {
      return `\n${pad}${scalar(key, indent, true)}:${block(entry, indent + 2)}`;
    })
    .join("");
}

function inline(text: string, indent: number): string {
  return text.startsWith(`\n${" ".repeat(indent)}`) ? ` ${text.slice(1 + indent)}` : text;
}

function entriesOf(value: { [key: string]: YamlOut } | OrderedMap): readonly (readonly [string, YamlOut])[] {
  if (value instanceof OrderedMap) return value.entries;
  return Object.keys(value)
    .sort(compareKeys)
    .map((key) => [key, value[key]!] as const);
}

function scalar(value: string | number | boolean | null, indent: number, isKey: boolean): string {
  if (value === null) return "null";
  if (typeof value === "number") return goFloat(value);
  if (typeof value === "boolean") return String(value);
  if (value.includes("\n") && !isKey && literalAllowed(value)) return literal(value, indent);
  if (value.includes("\n") || value === "" || needsQuotes(value) || hasSpecial(value))
    return doubleQuoted(value);
  return plainAllowed(value) ? value : singleOrDouble(value);
}

/** A block of lines cannot have a line that ends in a space, and cannot hold what must be escaped. */
const literalAllowed = (text: string) => !hasSpecial(text.replace(/[\n\t]/g, "")) && !/ (?:\n|$)/.test(text);

function literal(text: string, indent: number): string {
  // A first line that begins with a space says by a number how far the block is set in.
  const hint = /^[ \n]/.test(text) ? "2" : "";
  const chomp = text.endsWith("\n") ? (/^\n$|\n\n$/.test(text) ? "+" : "") : "-";
  const pad = " ".repeat(indent);
  const lines = (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n");
  return `|${hint}${chomp}\n${lines.map((line) => (line === "" ? "" : pad + line)).join("\n")}`;
}

/** Control characters, of which the tab is one, and a byte order mark. */
const hasSpecial = (text: string) =>
  /[\x00-\x08\x0b-\x1f\x7f\x80-\x84\x86-\x9f\u2028\u2029\uFEFF\uFFFE\uFFFF\t]/.test(text);

/** YAML 1.2 §7.3.3, as far as go-yaml's emitter asks. */
function plainAllowed(text: string): boolean {
  if (/^[ ]|[ ]$/.test(text)) return false;
  if (/^(?:---|\.\.\.)/.test(text)) return false;
  if (/^[#,[\]{}&*!|>'"%@`]/.test(text)) return false;
  if (/^[-?:](?:\s|$)/.test(text)) return false;
  return !/:(?:\s|$)|\s#/.test(text);
}

function singleOrDouble(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

const SHORT: Record<string, string> = {
  "\0": "\\0",
  "\x07": "\\a",
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\v": "\\v",
  "\f": "\\f",
  "\r": "\\r",
  "\x1b": "\\e",
  '"': '\\"',
  "\\": "\\\\",
  "\x85": "\\N",
  "\xa0": "\\_",
  "\u2028": "\\L",
  "\u2029": "\\P",
};

function doubleQuoted(text: string): string {
  const escaped = text.replace(/[\x00-\x1f"\\\x7f-\xa0\u2028\u2029\uFEFF]/g, (char) => {
    const code = char.charCodeAt(0);
    return SHORT[char] ?? (code < 256 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`);
  });
  return `"${escaped}"`;
}

const hex = (code: number, width: number) => code.toString(16).toUpperCase().padStart(width, "0");
