import { resolve } from "node:path";
import { invalidArgument } from "../../../base/index.ts";
import {
  CsvError,
  goBoolProblem,
  goDurationProblem,
  parseCsv,
  parseGoBool,
  parseGoDuration,
} from "../../../formats/index.ts";
import { FLAGS, type Flag } from "./flag-table.ts";

const NS_PER_MS = 1e6;

/** Flags as they were given, each as often as it was. */
export type GivenFlags = Record<string, string[]>;

/** The flags of an API server, read by their types. Throws InvalidArgument in pflag's words. */
export class FlagValues {
  readonly #given: GivenFlags;

  constructor(given: GivenFlags) {
    this.#given = given;
    for (const [name, values] of Object.entries(given)) {
      const flag = FLAGS.get(name);
      if (!flag) throw invalidArgument(`unknown flag: --${name}`, { code: "Cli.Usage" });
      for (const value of values) checkValue(flag, value);
    }
  }

  isGiven(name: string): boolean {
    return this.#given[name] !== undefined;
  }

  /** The last one that was given; empty where there is none. */
  text(name: string): string {
    return this.#given[name]?.at(-1) ?? FLAGS.get(name)!.default ?? "";
  }

  flag(name: string): boolean {
    return parseGoBool(this.text(name))!;
  }

  number(name: string): number {
    return Number(this.text(name));
  }

  milliseconds(name: string): number {
    return parseGoDuration(this.text(name))! / NS_PER_MS;
  }

  /** Of `strings`, `texts` and `files`. */
  list(name: string): string[] {
    const flag = FLAGS.get(name)!;
    const values = this.#given[name] ?? (flag.default === undefined ? [] : [flag.default]);
    return flag.type === "strings" ? values.flatMap(splitList) : values;
  }

  /** Every flag with its value, as it would be written. */
  all(): [name: string, value: string][] {
    return [...FLAGS.values()].map(({ name, type }) => {
      const isList = type === "strings" || type === "texts" || type === "files" || type === "pairs";
      return [name, isList ? `[${this.list(name).join(",")}]` : this.text(name)];
    });
  }
}

function splitList(value: string): string[] {
  return value === "" ? [] : (parseCsv(value)[0] ?? []);
}

function checkValue(flag: Flag, value: string): void {
  const problem = problemOf(flag, value);
  if (problem === undefined) return;
  throw invalidArgument(`invalid argument ${JSON.stringify(value)} for "--${flag.name}" flag: ${problem}`, {
    code: "Cli.Usage",
  });
}

function problemOf({ type }: Flag, value: string): string | undefined {
  const quoted = JSON.stringify(value);
  switch (type) {
    case "boolean":
      return parseGoBool(value) === undefined ? goBoolProblem(value) : undefined;
    case "integer":
      return /^[+-]?\d+$/.test(value) && Number.isSafeInteger(Number(value))
        ? undefined
        : `strconv.ParseInt: parsing ${quoted}: invalid syntax`;
    case "number":
      return value.trim() !== "" && Number.isFinite(Number(value))
        ? undefined
        : `strconv.ParseFloat: parsing ${quoted}: invalid syntax`;
    case "duration":
      return goDurationProblem(value);
    case "pairs":
      return value.includes("=") ? undefined : `malformed pair, expect string=string`;
    case "strings":
      return listProblem(value);
    default:
      return undefined;
  }
}

function listProblem(value: string): string | undefined {
  try {
    splitList(value);
    return undefined;
  } catch (error) {
    if (error instanceof CsvError) return error.message;
    throw error;
  }
}

/** The same with paths of files that hold from anywhere; `-` is none. */
export function withAbsolutePaths(given: GivenFlags, from: string): GivenFlags {
  return Object.fromEntries(
    Object.entries(given).map(([name, values]) => {
      const type = FLAGS.get(name)?.type;
      const isPath = type === "file" || type === "files";
      return [
        name,
        values.map((value) => (isPath && value !== "" && value !== "-" ? resolve(from, value) : value)),
      ];
    }),
  );
}

/** Takes the flags of the API server out of a command line. A switch needs no value. */
export function takeFlags(args: readonly string[]): { given: GivenFlags; rest: string[] } {
  const given: GivenFlags = {};
  const rest: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const [, name = "", , value] = /^--([^=]+)(=(.*))?$/s.exec(args[at]!) ?? [];
    const flag = FLAGS.get(name);
    if (!flag) {
      rest.push(args[at]!);
      continue;
    }
    given[name] ??= [];
    if (value !== undefined) given[name].push(value);
    else if (flag.type === "boolean") given[name].push("true");
    else if (at + 1 < args.length) given[name].push(args[++at]!);
    else throw invalidArgument(`flag needs an argument: --${name}`, { code: "Cli.Usage" });
  }
  return { given, rest };
}

/** Flags as a mapping in a configuration file has them: texts, numbers, switches, lists of them, mappings of pairs. */
export function flagsOf(mapping: unknown, where: string): GivenFlags {
  if (mapping === undefined || mapping === null) return {};
  if (typeof mapping !== "object" || Array.isArray(mapping))
    throw invalidArgument(`${where} is not a mapping of flags`);
  return Object.fromEntries(
    Object.entries(mapping).map(([name, value]) => {
      if (!FLAGS.has(name)) throw invalidArgument(`${where}.${name}: unknown flag: --${name}`);
      return [name, textsOf(value, `${where}.${name}`)];
    }),
  );
}

function textsOf(value: unknown, where: string): string[] {
  if (Array.isArray(value)) return value.map((one) => textOf(one, where));
  if (typeof value === "object" && value !== null)
    return Object.entries(value).map(([key, one]) => `${key}=${textOf(one, where)}`);
  return [textOf(value, where)];
}

function textOf(value: unknown, where: string): string {
  if (["string", "number", "boolean"].includes(typeof value)) return String(value);
  throw invalidArgument(`${where} is no value of a flag`);
}
