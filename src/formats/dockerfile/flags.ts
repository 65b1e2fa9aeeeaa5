import { syntaxError } from "./errors.ts";

type FlagKind = "string" | "boolean" | "list";

/** Values of an instruction's flags; a list flag may stand several times. */
export interface ParsedFlags {
  text(name: string): string;
  isSet(name: string): boolean;
  list(name: string): string[];
}

/** Reads `--name=value` words by the flags that the instruction knows. */
export function parseFlags(words: readonly string[], known: Record<string, FlagKind>): ParsedFlags {
  const values = new Map<string, string[]>();
  for (const word of words) {
    const equals = word.indexOf("=");
    const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
    const kind = Object.hasOwn(known, name) ? known[name] : undefined;
    if (kind === undefined) throw syntaxError(`Unknown flag: ${name}`);
    if (values.has(name) && kind !== "list") throw syntaxError(`Duplicate flag specified: ${name}`);
    const value = equals < 0 ? undefined : word.slice(equals + 1);
    values.set(name, [...(values.get(name) ?? []), flagValue(name, kind, value)]);
  }
  return {
    text: (name) => values.get(name)?.[0] ?? "",
    isSet: (name) => values.get(name)?.[0] === "true",
    list: (name) => values.get(name) ?? [],
  };
}

function flagValue(name: string, kind: FlagKind, value: string | undefined): string {
  if (kind !== "boolean") {
    if (value === undefined) throw syntaxError(`Missing a value on flag: ${name}`);
    return value;
  }
  const text = (value ?? "true").toLowerCase();
  if (text !== "true" && text !== "false") {
    throw syntaxError(`Expecting boolean value for flag ${name}, not: ${value}`);
  }
  return text;
}
