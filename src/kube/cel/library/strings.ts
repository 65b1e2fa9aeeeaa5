import {
  type CelFunction,
  fn,
  type Implementation,
  memberOverload,
  overload,
} from "../functions/declaration.ts";
import { type CelType, DYN, INT, listType, STRING } from "../types/cel-type.ts";
import { CelError } from "../values/cel-error.ts";
import { ValueList } from "../values/collections.ts";
import { formatValue } from "../values/format-value.ts";
import type { CelList, Result } from "../values/value.ts";
import { formatString } from "./string-format.ts";

const LIST_OF_STRINGS = listType(STRING);
const outOfRange = (index: bigint | number) => new CelError(`index out of range: ${index}`);
const characters = (text: string) => Array.from(text);

function charAt(text: string, index: bigint): Result {
  const all = characters(text);
  if (index < 0n || index > BigInt(all.length)) return outOfRange(index);
  return all[Number(index)] ?? "";
}

function indexOf(text: string, part: string, offset: bigint): Result {
  if (part === "") return offset;
  if (offset < 0n) return outOfRange(offset);
  const all = characters(text);
  if (offset >= BigInt(all.length)) return -1n;
  const start = Number(offset);
  const found = all.slice(start).join("").indexOf(part);
  return found < 0 ? -1n : BigInt(start + characters(all.slice(start).join("").slice(0, found)).length);
}

function lastIndexOf(text: string, part: string, offset?: bigint): Result {
  const all = characters(text);
  if (part === "") return offset ?? BigInt(all.length);
  const last = offset ?? BigInt(all.length - 1);
  if (last < 0n) return outOfRange(last);
  if (last >= BigInt(all.length)) return -1n;
  const within = all.slice(0, Number(last) + characters(part).length).join("");
  const found = within.lastIndexOf(part);
  return found < 0 ? -1n : BigInt(characters(within.slice(0, found)).length);
}

/** All occurrences where the limit is negative. An empty part stands before, between and after all characters. */
function replace(text: string, part: string, replacement: string, limit: number): string {
  if (limit < 0)
    return part === "" ? between(text, replacement, Infinity) : text.replaceAll(part, () => replacement);
  if (part === "") return between(text, replacement, limit);
  const pieces = text.split(part);
  const replaced = Math.min(limit, pieces.length - 1);
  return [pieces.slice(0, replaced + 1).join(replacement), ...pieces.slice(replaced + 1)].join(part);
}

function between(text: string, replacement: string, limit: number): string {
  const all = characters(text);
  const pieces = all.map((character, at) => (at < limit ? replacement : "") + character);
  return pieces.join("") + (all.length < limit ? replacement : "");
}

function split(text: string, separator: string, limit: number): string[] {
  if (limit === 0) return [];
  const pieces = separator === "" ? characters(text) : text.split(separator);
  if (limit < 0 || pieces.length <= limit) return pieces;
  return [...pieces.slice(0, limit - 1), pieces.slice(limit - 1).join(separator)];
}

function substring(text: string, start: bigint, end?: bigint): Result {
  const all = characters(text);
  const length = BigInt(all.length);
  if (end !== undefined && start > end)
    return new CelError(`invalid substring range. start: ${start}, end: ${end}`);
  if (start < 0n || start > length) return outOfRange(start);
  if (end !== undefined && (end < 0n || end > length)) return outOfRange(end);
  return all.slice(Number(start), end === undefined ? undefined : Number(end)).join("");
}

/** Unicode's white space, as Go's TrimSpace has it. */
const SPACE = "[\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+";
const OUTER_SPACE = new RegExp(`^${SPACE}|${SPACE}$`, "g");

function join(list: CelList, separator: string): Result {
  const texts: string[] = [];
  for (const element of list) {
    if (element instanceof CelError) return element;
    if (typeof element !== "string") return new CelError(`join: invalid input: ${formatValue(element)}`);
    texts.push(element);
  }
  return texts.join(separator);
}

const QUOTED: Record<string, string> = {
  ...{ "\x07": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r" },
  ...{ "\t": "\\t", "\v": "\\v", "\\": "\\\\", '"': '\\"' },
};

function quote(text: string): string {
  return `"${text.toWellFormed().replace(/[\x07\b\f\n\r\t\v\\"]/g, (character) => QUOTED[character]!)}"`;
}

type Evaluate = (text: string, ...args: never[]) => Result;

function method(id: string, args: CelType[], result: CelType, evaluate: Evaluate) {
  const implementation: Implementation = ([text, ...rest]) => evaluate(text as string, ...(rest as never[]));
  return memberOverload(id, [STRING, ...args], result, implementation);
}

const lower = (text: string) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
const upper = (text: string) => text.replace(/[a-z]/g, (letter) => letter.toUpperCase());
const listOf = (texts: string[]) => new ValueList(texts);

/** The extension of functions on texts, in its first version. */
export const EXTENDED_STRING_FUNCTIONS: CelFunction[] = [
  fn("charAt", [method("string_char_at_int", [INT], STRING, charAt)]),
  fn("indexOf", [
    method("string_index_of_string", [STRING], INT, (text, part: string) => indexOf(text, part, 0n)),
    method("string_index_of_string_int", [STRING, INT], INT, indexOf),
  ]),
  fn("lastIndexOf", [
    method("string_last_index_of_string", [STRING], INT, (text, part: string) => lastIndexOf(text, part)),
    method("string_last_index_of_string_int", [STRING, INT], INT, lastIndexOf),
  ]),
  fn("lowerAscii", [method("string_lower_ascii", [], STRING, lower)]),
  fn("replace", [
    method("string_replace_string_string", [STRING, STRING], STRING, (text, part: string, by: string) =>
      replace(text, part, by, -1),
    ),
    method(
      "string_replace_string_string_int",
      [STRING, STRING, INT],
      STRING,
      (text, part: string, by: string, limit: bigint) => replace(text, part, by, Number(limit)),
    ),
  ]),
  fn("split", [
    method("string_split_string", [STRING], LIST_OF_STRINGS, (text, separator: string) =>
      listOf(split(text, separator, -1)),
    ),
    method(
      "string_split_string_int",
      [STRING, INT],
      LIST_OF_STRINGS,
      (text, separator: string, limit: bigint) => listOf(split(text, separator, Number(limit))),
    ),
  ]),
  fn("substring", [
    method("string_substring_int", [INT], STRING, (text, start: bigint) => substring(text, start)),
    method("string_substring_int_int", [INT, INT], STRING, substring),
  ]),
  fn("trim", [method("string_trim", [], STRING, (text) => text.replace(OUTER_SPACE, ""))]),
  fn("upperAscii", [method("string_upper_ascii", [], STRING, upper)]),
  fn("join", [
    memberOverload("list_join", [LIST_OF_STRINGS], STRING, ([list]) => join(list as CelList, "")),
    memberOverload("list_join_string", [LIST_OF_STRINGS, STRING], STRING, ([list, separator]) =>
      join(list as CelList, separator as string),
    ),
  ]),
];

/** What its later versions add (from 1.29 on). */
export const STRING_FORMAT_FUNCTIONS: CelFunction[] = [
  fn("format", [
    method("string_format", [listType(DYN)], STRING, (text, args: CelList) => formatString(text, args)),
  ]),
  fn("strings.quote", [overload("strings_quote", [STRING], STRING, ([text]) => quote(text as string))]),
];
