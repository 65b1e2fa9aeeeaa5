import { type GantryError, invalidArgument } from "../../../base/index.ts";
import { InvalidTemplate, type Lookup, substitute } from "../interpolate/index.ts";

/** The spaces that do not end a line. */
const BLANK = /[\t\v\f\r \u0085\u00a0]/;
const SPACE = /\s/;

/**
 * Reads a file of variables as compose reads `.env` and `env_file` (compose-go, dotenv): comments, `export`, `KEY=value`,
 * `KEY: value`, quotes with escapes and line breaks, variables replaced except in single quotes, and a bare `KEY`, which takes
 * its value from `lookup` or is left out. What was read before goes into `variables`, where later lines find it.
 */
export function parseEnvFile(text: string, variables: Map<string, string>, lookup: Lookup): void {
  new EnvFileParser(text.replace(/^\uFEFF/, ""), variables, lookup).run();
}

/** `format: raw`: each line is `KEY=value` with the value as it stands (docker/cli, opts.ParseEnvFile). */
export function parseRawEnvFile(text: string, variables: Map<string, string>, lookup: Lookup): void {
  for (const line of text.replace(/^\uFEFF/, "").split(/\r?\n/)) {
    const trimmed = line.replace(/^\s+/, "");
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const at = trimmed.indexOf("=");
    const key = at < 0 ? trimmed.trim() : trimmed.slice(0, at);
    if (/\s/.test(key)) throw invalidArgument(`variable '${key}' contains whitespaces`);
    if (key === "") throw invalidArgument(`no variable name on line '${trimmed}'`);
    const value = at < 0 ? lookup(key) : trimmed.slice(at + 1);
    if (value !== undefined) variables.set(key, value);
  }
}

class EnvFileParser {
  readonly #text: string;
  readonly #variables: Map<string, string>;
  readonly #lookup: Lookup;
  #at = 0;

  constructor(text: string, variables: Map<string, string>, lookup: Lookup) {
    this.#text = text;
    this.#variables = variables;
    this.#lookup = lookup;
  }

  run(): void {
    while (this.#skipToStatement()) {
      const { key, bare } = this.#readKey();
      if (key.includes(" ")) throw this.#error("key cannot contain a space");
      if (bare) {
        const value = this.#lookup(key);
        if (value !== undefined) this.#variables.set(key, value);
        continue;
      }
      this.#variables.set(key, this.#readValue());
    }
  }

  #skipToStatement(): boolean {
    for (;;) {
      while (this.#at < this.#text.length && SPACE.test(this.#text[this.#at]!)) this.#at++;
      if (this.#at >= this.#text.length) return false;
      if (this.#text[this.#at] !== "#") return true;
      const end = this.#text.indexOf("\n", this.#at);
      if (end < 0) return false;
      this.#at = end;
    }
  }

  #readKey(): { key: string; bare: boolean } {
    const exported = /^export[\t\v\f\r ]+/.exec(this.#text.slice(this.#at, this.#at + 80));
    if (exported) this.#at += exported[0].length;
    const start = this.#at;
    for (let at = start; at < this.#text.length; at++) {
      const char = this.#text[at]!;
      if (char === "=" || char === ":" || char === "\n") {
        this.#at = at + 1;
        while (this.#at < this.#text.length && BLANK.test(this.#text[this.#at]!)) this.#at++;
        return { key: this.#text.slice(start, at).trimEnd(), bare: char === "\n" };
      }
      if (BLANK.test(char) || /[_.\-[\]\p{L}\p{N}]/u.test(char)) continue;
      const line = this.#text.slice(start).split("\n")[0]!;
      throw this.#error(
        `unexpected character ${JSON.stringify(char)} in variable name ${JSON.stringify(line)}`,
      );
    }
    const key = this.#text.slice(start).trimEnd();
    this.#at = this.#text.length;
    return { key, bare: true };
  }

  #readValue(): string {
    const quote = this.#text[this.#at];
    if (quote === '"' || quote === "'") return this.#readQuoted(quote);
    const end = this.#text.indexOf("\n", this.#at);
    const line = this.#text.slice(this.#at, end < 0 ? undefined : end);
    this.#at = end < 0 ? this.#text.length : end + 1;
    return this.#expand(line.split(" #")[0]!.trimEnd());
  }

  #readQuoted(quote: string): string {
    const start = this.#at;
    let value = "";
    for (let at = start + 1; at < this.#text.length; at++) {
      const char = this.#text[at]!;
      if (char === "\\" && at + 1 < this.#text.length) {
        const next = this.#text[++at]!;
        value += next === quote ? next : `\\${next}`;
      } else if (char === quote) {
        this.#at = at + 1;
        return quote === "'" ? value : this.#expand(unescapeText(value));
      } else value += char;
    }
    this.#at = this.#text.length;
    throw this.#error(`unterminated quoted value ${this.#text.slice(start).split("\n")[0]}`);
  }

  #expand(text: string): string {
    try {
      return substitute(text, (name) => this.#lookup(name) ?? this.#variables.get(name));
    } catch (error) {
      if (error instanceof InvalidTemplate) throw invalidArgument(error.message);
      throw error;
    }
  }

  #error(message: string): GantryError {
    const line = this.#text.slice(0, this.#at).split("\n").length;
    return invalidArgument(`line ${line}: ${message}`);
  }
}

const ESCAPES: Record<string, string> = {
  a: "\x07",
  b: "\b",
  c: "\\c",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  // Left for the replacement of variables, for which it is a dollar sign.
  $: "$$",
  '"': '"',
  "\\": "\\",
};

function unescapeText(text: string): string {
  return text.replace(/\\(?:([abcfnrtv$"\\])|0([0-7]{3})|0\d{0,3})/g, (match, letter, octal) => {
    if (letter !== undefined) return ESCAPES[letter]!;
    if (octal !== undefined && Number.parseInt(octal, 8) < 256)
      return String.fromCharCode(Number.parseInt(octal, 8));
    return match;
  });
}
