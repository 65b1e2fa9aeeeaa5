import { invalidArgument } from "../../base/index.ts";
import { CsvError, parseCsv } from "../csv.ts";
import { goBoolProblem, parseGoBool } from "../go-bool.ts";
import { goDurationProblem, parseGoDuration } from "../go-duration.ts";
import type { Flag, FlagType, GivenFlags } from "./flag.ts";

const NS_PER_MS = 1e6;

const LISTS: ReadonlySet<FlagType> = new Set(["strings", "texts", "files", "pairs", "certKeys"]);

/** What was given of the flags of a table, read by their types. Throws InvalidArgument in pflag's words. */
export class FlagValues {
  readonly #flags: ReadonlyMap<string, Flag>;
  readonly #given: GivenFlags;

  constructor(flags: ReadonlyMap<string, Flag>, given: GivenFlags) {
    this.#flags = flags;
    this.#given = given;
    for (const [name, values] of Object.entries(given)) {
      const flag = flags.get(name);
      if (!flag) throw invalidArgument(`unknown flag: --${name}`, { code: "Cli.Usage" });
      for (const value of values) checkValue(flag, value);
    }
  }

  isGiven(name: string): boolean {
    return this.#given[name] !== undefined;
  }

  /** The last one that was given; empty where there is none. */
  text(name: string): string {
    return this.#given[name]?.at(-1) ?? this.#flags.get(name)!.default ?? "";
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
    const flag = this.#flags.get(name)!;
    const values = this.#given[name] ?? (flag.default === undefined ? [] : [flag.default]);
    return flag.type === "strings" ? values.flatMap(splitList) : values;
  }

  /** Every flag with its value, as it would be written. */
  all(): [name: string, value: string][] {
    return [...this.#flags.values()].map(({ name, type }) => {
      const isList = LISTS.has(type);
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
