import { type ParseArgsConfig, parseArgs } from "node:util";
import { errorMessage, invalidArgument } from "../base/index.ts";

export type OptionSpecs = NonNullable<ParseArgsConfig["options"]>;

export interface ParsedArguments {
  text(name: string): string | undefined;
  flag(name: string): boolean;
  /** A port or count; InvalidArgument when the text is no whole number in the range. */
  integer(name: string, range: { min: number; max: number }): number | undefined;
  list(name: string): string[];
}

/** Parses a verb's arguments strictly; what is unknown is refused with the verb's usage line. */
export function parseArguments(
  args: readonly string[],
  options: OptionSpecs,
  usage: string,
): ParsedArguments {
  let values: Record<string, unknown>;
  try {
    values = parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    const text = errorMessage(error).split(". ")[0];
    throw invalidArgument(`${text}`, { hint: `usage: ${usage}`, code: "Cli.Usage" });
  }
  return {
    text: (name) => values[name] as string | undefined,
    flag: (name) => values[name] === true,
    list: (name) => (values[name] as string[] | undefined) ?? [],
    integer(name, { min, max }) {
      const text = values[name] as string | undefined;
      if (text === undefined) return undefined;
      const value = Number(text);
      if (!/^\d+$/.test(text) || value < min || value > max) {
        throw invalidArgument(`--${name} takes a whole number from ${min} to ${max}, not "${text}"`, {
          hint: `usage: ${usage}`,
          code: "Cli.Usage",
        });
      }
      return value;
    },
  };
}
