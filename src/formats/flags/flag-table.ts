import { resolve } from "node:path";
import { invalidArgument } from "../../base/index.ts";
import type { Flag, FlagSection, FlagType, GivenFlags } from "./flag.ts";
import { FlagValues } from "./flag-values.ts";

const TYPES: Record<Flag["type"], string> = {
  string: "string",
  boolean: "",
  integer: "int",
  number: "float",
  duration: "duration",
  strings: "strings",
  texts: "stringArray",
  pairs: "key=value",
  file: "file",
  files: "file",
  certKeys: "namedCertKey",
};

/** The flags that a program takes, in their sections. Whatever is wrong with what is given is told in pflag's words. */
export class FlagTable {
  readonly sections: readonly FlagSection[];
  readonly #byName: ReadonlyMap<string, Flag>;

  constructor(sections: readonly FlagSection[]) {
    this.sections = sections;
    this.#byName = new Map(sections.flatMap(({ flags }) => flags.map((flag) => [flag.name, flag])));
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  /** Reads flags by their types. Throws InvalidArgument. */
  read(given: GivenFlags): FlagValues {
    return new FlagValues(this.#byName, given);
  }

  /** The flags by sections, as upstream's programs list them. */
  help(): string {
    return this.sections
      .map(({ title, flags }) => `${title}:\n\n${flags.map(flagHelp).join("\n")}\n`)
      .join("\n");
  }

  /** Takes its flags out of a command line. A switch needs no value. Throws InvalidArgument. */
  take(args: readonly string[]): { given: GivenFlags; rest: string[] } {
    const given: GivenFlags = {};
    const rest: string[] = [];
    for (let at = 0; at < args.length; at++) {
      const [, name = "", , value] = /^--([^=]+)(=(.*))?$/s.exec(args[at]!) ?? [];
      const flag = this.#byName.get(name);
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

  /**
   * Flags as a mapping in a configuration file has them: texts, numbers, switches, lists of them, mappings of pairs. Throws
   * InvalidArgument.
   */
  fromMapping(mapping: unknown, where: string): GivenFlags {
    if (mapping === undefined || mapping === null) return {};
    if (typeof mapping !== "object" || Array.isArray(mapping))
      throw invalidArgument(`${where} is not a mapping of flags`);
    return Object.fromEntries(
      Object.entries(mapping).map(([name, value]) => {
        if (!this.has(name)) throw invalidArgument(`${where}.${name}: unknown flag: --${name}`);
        return [name, textsOf(value, `${where}.${name}`)];
      }),
    );
  }

  /** The same with paths of files that hold from anywhere; `-` is none. */
  withAbsolutePaths(given: GivenFlags, from: string): GivenFlags {
    return Object.fromEntries(
      Object.entries(given).map(([name, values]) => {
        const type = this.#byName.get(name)?.type;
        return [name, values.map((value) => absoluteValue(type, value, from))];
      }),
    );
  }
}

function absoluteValue(type: FlagType | undefined, value: string, from: string): string {
  if (value === "" || value === "-") return value;
  if (type === "file" || type === "files") return resolve(from, value);
  if (type !== "certKeys") return value;
  const [files = "", ...names] = value.split(":");
  const paths = files.split(",").map((file) => (file.trim() === "" ? file : resolve(from, file.trim())));
  return [paths.join(","), ...names].join(":");
}

function flagHelp({ name, type, default: value, help }: Flag): string {
  const head = `--${name}${TYPES[type] === "" ? "" : ` ${TYPES[type]}`}`;
  const isShown = value !== undefined && value !== "false" && value !== "0" && value !== "0s";
  return `    ${head}\n          ${help}${isShown ? ` (default ${value})` : ""}`;
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
