import { invalidArgument } from "../../base/index.ts";

/** An option of a command as people write it: `--name VALUE`, `--name=VALUE`, `-n VALUE`, `-nVALUE`, `-abc`. */
export interface Flag {
  short?: string;
  type: "flag" | "text" | "number" | "list";
  /** What help calls the value, where it is not the type. */
  value?: string;
  default?: string | boolean | number;
  help: string;
}

export type Flags = Readonly<Record<string, Flag>>;

export class ParsedFlags {
  readonly #values: ReadonlyMap<string, (string | boolean)[]>;
  readonly #flags: Flags;

  constructor(flags: Flags, values: ReadonlyMap<string, (string | boolean)[]>) {
    this.#flags = flags;
    this.#values = values;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  flag(name: string): boolean {
    return (this.#values.get(name)?.at(-1) ?? this.#flags[name]?.default ?? false) === true;
  }

  /** The text, empty where it was not given and has no default. */
  text(name: string): string {
    return String(this.#values.get(name)?.at(-1) ?? this.#flags[name]?.default ?? "");
  }

  number(name: string): number | undefined {
    const value = this.#values.get(name)?.at(-1) ?? this.#flags[name]?.default;
    return value === undefined ? undefined : Number(value);
  }

  list(name: string): string[] {
    return (this.#values.get(name) ?? []).map(String);
  }
}

export interface ParsedLine {
  flags: ParsedFlags;
  args: string[];
}

/**
 * Reads a command line as the docker CLI does (spf13/pflag). `interspersed` says whether options may stand after the first
 * argument. `--help` and `-h` come back as the flag `help`.
 */
export function parseFlags(line: readonly string[], flags: Flags, interspersed: boolean): ParsedLine {
  const known: Flags = { ...flags, help: { short: "h", type: "flag", help: "" } };
  const values = new Map<string, (string | boolean)[]>();
  const args: string[] = [];
  const put = (name: string, value: string | boolean) =>
    values.set(name, [...(values.get(name) ?? []), value]);
  for (let at = 0; at < line.length; at++) {
    const word = line[at]!;
    if (word === "--") {
      args.push(...line.slice(at + 1));
      break;
    }
    if (!word.startsWith("-") || word === "-") {
      if (!interspersed) {
        args.push(...line.slice(at));
        break;
      }
      args.push(word);
      continue;
    }
    const next = () => line[++at];
    if (word.startsWith("--")) readLong(word, known, put, next);
    else readShort(word, known, put, next);
  }
  return { flags: new ParsedFlags(flags, values), args };
}

type Put = (name: string, value: string | boolean) => void;

function readLong(word: string, flags: Flags, put: Put, next: () => string | undefined): void {
  const at = word.indexOf("=");
  const name = word.slice(2, at < 0 ? undefined : at);
  const flag = Object.hasOwn(flags, name) ? flags[name]! : undefined;
  if (!flag) throw usage(`unknown flag: --${name}`);
  const given = at < 0 ? undefined : word.slice(at + 1);
  if (flag.type === "flag") {
    put(name, truth(given ?? "true", `--${name}`));
    return;
  }
  const value = given ?? next();
  if (value === undefined) throw usage(`flag needs an argument: --${name}`);
  put(name, checked(value, longName(name, flag), flag));
}

function readShort(word: string, flags: Flags, put: Put, next: () => string | undefined): void {
  let rest = word.slice(1);
  while (rest !== "") {
    const short = rest[0]!;
    rest = rest.slice(1);
    const name = Object.keys(flags).find((one) => flags[one]!.short === short);
    if (name === undefined) throw usage(`unknown shorthand flag: '${short}' in ${word}`);
    const flag = flags[name]!;
    if (flag.type === "flag") {
      const isGiven = rest.startsWith("=");
      put(name, truth(isGiven ? rest.slice(1) : "true", `-${short}`));
      if (isGiven) return;
      continue;
    }
    const value = rest !== "" ? rest.replace(/^=/, "") : next();
    if (value === undefined) throw usage(`flag needs an argument: '${short}' in ${word}`);
    put(name, checked(value, longName(name, flag), flag));
    return;
  }
}

const longName = (name: string, flag: Flag) => (flag.short ? `-${flag.short}, --${name}` : `--${name}`);

function truth(text: string, name: string): boolean {
  if (/^(?:1|t|T|TRUE|true|True)$/.test(text)) return true;
  if (/^(?:0|f|F|FALSE|false|False)$/.test(text)) return false;
  throw usage(
    `invalid argument ${JSON.stringify(text)} for "${name}" flag: strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`,
  );
}

function checked(text: string, name: string, flag: Flag): string {
  if (flag.type !== "number" || /^[-+]?\d+$/.test(text)) return text;
  throw usage(
    `invalid argument ${JSON.stringify(text)} for "${name}" flag: strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`,
  );
}

export const usage = (message: string) => invalidArgument(message, { code: "Compose.Usage" });
