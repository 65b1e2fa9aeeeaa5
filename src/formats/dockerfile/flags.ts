import { suggestion } from "../nearest-word.ts";
import { syntaxError } from "./errors.ts";

type FlagKind = "string" | "boolean" | "list";

/** Values of an instruction's flags; a list flag may stand several times. */
export interface ParsedFlags {
  text(name: string): string;
  isSet(name: string): boolean;
  /** Undefined when the flag does not stand there. */
  given(name: string): boolean | undefined;
  list(name: string): string[];
}

/** Reads `--name=value` words by the flags that the instruction knows. */
export function parseFlags(words: readonly string[], known: Record<string, FlagKind>): ParsedFlags {
  const values = new Map<string, string[]>();
  for (const word of words) {
    const equals = word.indexOf("=");
    const flag = equals < 0 ? word : word.slice(0, equals);
    const name = flag.slice(2);
    const kind = Object.hasOwn(known, name) ? known[name] : undefined;
    if (kind === undefined) throw syntaxError(`unknown flag: ${flag}${suggestion(name, Object.keys(known))}`);
    if (values.has(name) && kind !== "list") throw syntaxError(`duplicate flag specified: ${flag}`);
    const value = equals < 0 ? undefined : word.slice(equals + 1);
    const parsed = flagValue(flag, kind, value);
    const others = values.get(name);
    if (others) others.push(parsed);
    else values.set(name, [parsed]);
  }
  const isTrue = (name: string) => values.get(name)?.[0] === "true";
  return {
    text: (name) => values.get(name)?.[0] ?? "",
    isSet: isTrue,
    given: (name) => (values.has(name) ? isTrue(name) : undefined),
    list: (name) => values.get(name) ?? [],
  };
}

function flagValue(flag: string, kind: FlagKind, value: string | undefined): string {
  if (kind !== "boolean") {
    if (value === undefined) throw syntaxError(`missing a value on flag: ${flag}`);
    return value;
  }
  if (value === "") throw syntaxError(`missing a value on flag: ${flag}`);
  const text = (value ?? "true").toLowerCase();
  if (text !== "true" && text !== "false") {
    throw syntaxError(`expecting boolean value for flag ${flag}, not: ${value}`);
  }
  return text;
}
