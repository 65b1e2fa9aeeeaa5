import { textError } from "./errors.ts";
import type { KeyValue } from "./types.ts";

const WHITE_SPACE = /[\t\v\f\r ]+/;

/** Splits at runs of white space. */
export function splitWhiteSpace(rest: string): string[] {
  return rest === "" ? [] : rest.split(WHITE_SPACE).filter((word) => word !== "");
}

/** Splits at white space outside quotes; quotes and escapes stay in the words, for the substitution to deal with. */
export function splitQuoted(rest: string, escapeChar: string): string[] {
  const chars = [...rest];
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at]!;
    if (quote === "" && /\s/u.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (char === escapeChar && quote !== "'") {
      const escaped = chars[++at];
      if (escaped !== undefined) word = (word ?? "") + char + escaped;
    } else {
      if (quote === char) quote = "";
      else if (quote === "" && (char === "'" || char === '"')) quote = char;
      word = (word ?? "") + char;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}

/** `name=value …`, or the old form `name value` of ENV and LABEL. */
export function parseKeyValues(rest: string, instruction: string, escapeChar: string): KeyValue[] {
  const words = splitQuoted(rest, escapeChar);
  if (words.length === 0) return [];
  if (!words[0]!.includes("=")) {
    const separator = WHITE_SPACE.exec(rest);
    if (!separator) throw textError(`${instruction} must have two arguments`);
    const [key, value] = [rest.slice(0, separator.index), rest.slice(separator.index + separator[0].length)];
    return [{ key, value, isLegacy: true }];
  }
  return words.map((word) => {
    const equals = word.indexOf("=");
    if (equals < 0) {
      throw textError(
        `Syntax error - can't find = in ${JSON.stringify(word)}. Must be of the form: name=value`,
      );
    }
    return { key: word.slice(0, equals), value: word.slice(equals + 1) };
  });
}

/** The strings of a JSON array, or undefined when the text is none; an array of other things is a mistake. */
export function parseJsonArray(rest: string): string[] | undefined {
  const text = rest.trimStart();
  if (!text.startsWith("[")) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value)) return undefined;
  if (!value.every((item) => typeof item === "string")) {
    throw textError("when using JSON array syntax, arrays must be comprised of strings only");
  }
  return value;
}

/**
 * Cuts `--name=value` flags off the front of an instruction's arguments. A flag ends at white space outside quotes;
 * `--` ends the flags.
 */
export function splitFlags(rest: string, escapeChar: string): { flags: string[]; rest: string } {
  const flags: string[] = [];
  let remaining = rest.trimStart();
  while (remaining.startsWith("--")) {
    const length = flagLength(remaining, escapeChar);
    const raw = remaining.slice(0, length);
    remaining = remaining.slice(length).trimStart();
    if (raw === "--") break;
    flags.push(unquoteFlag(raw, escapeChar));
  }
  return { flags, rest: remaining };
}

function flagLength(text: string, escapeChar: string): number {
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (char === escapeChar) at++;
    else if (quote !== "") {
      if (char === quote) quote = "";
    } else if (char === "'" || char === '"') quote = char;
    else if (/\s/.test(char)) return at;
  }
  return text.length;
}

/** Quotes around a flag's value group it and are not part of it. */
function unquoteFlag(raw: string, escapeChar: string): string {
  let result = "";
  let quote = "";
  for (let at = 0; at < raw.length; at++) {
    const char = raw[at]!;
    if (char === escapeChar && at + 1 < raw.length) result += raw[++at];
    else if (quote !== "" && char === quote) quote = "";
    else if (quote === "" && (char === "'" || char === '"')) quote = char;
    else result += char;
  }
  return result;
}
