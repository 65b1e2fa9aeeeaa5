// biome-ignore-all lint/suspicious/noTemplateCurlyInString: error messages show substitutions as written
import { DockerfileSyntaxError, syntaxError } from "./errors.ts";
import { replaceShellPattern, trimShellPattern } from "./shell-pattern.ts";

export interface ExpandOptions {
  /** `\` or a backtick. */
  escape?: string;
  /** Keep quotes in the result. */
  rawQuotes?: boolean;
  /** Keep escape characters in the result. */
  rawEscapes?: boolean;
  /** Quotes mean nothing (here-document bodies). */
  ignoreQuotes?: boolean;
  /** Leave references to unset variables as they stand. */
  keepUnset?: boolean;
}

export type Variables = ReadonlyMap<string, string>;

export interface Expansion {
  text: string;
  /** The text split at unquoted white space, after substitution. */
  words: string[];
  /** Names of variables that were looked up and set. */
  used: Set<string>;
  /** Names of those that were not. */
  unset: Set<string>;
}

const SPACE = /\s/u;
const NAME_CHARACTER = /[\p{L}\p{Nd}_]/u;
const DIGIT = /\p{Nd}/u;
/** How Go writes the character that the end of a text is not. */
const NO_CHARACTER = "\ufffd";
/** Variables that double with each line grow out of every bound. */
const MAX_LENGTH = 4 * 1024 * 1024;
const SPECIAL_PARAMETERS = "@*#?-$!0";

/**
 * Substitutes `$name`, `${name}` and the modifiers `:-` `-` `:+` `+` `:?` `?` `#` `##` `%` `%%` `/` `//`, and removes quotes
 * and escapes, by the rules of the Dockerfile reference ("Environment replacement"). Throws DockerfileSyntaxError.
 */
export function expandWord(source: string, variables: Variables, options: ExpandOptions = {}): Expansion {
  const expander = new Expander(source, variables, options);
  try {
    return expander.run();
  } catch (error) {
    if (!(error instanceof DockerfileSyntaxError)) throw error;
    throw syntaxError(`failed to process ${JSON.stringify(source)}: ${error.message}`);
  }
}

/** Collects the words of a text while it is being produced. */
class WordCollector {
  readonly words: string[] = [];
  #word = "";
  #inWord = false;

  /** Text that may be split at white space. */
  add(text: string): void {
    for (const char of text) {
      if (!SPACE.test(char)) this.addRaw(char);
      else if (this.#inWord) this.#finish();
    }
  }

  /** Quoted or escaped text: never split. */
  addRaw(text: string): void {
    this.#word += text;
    this.#inWord = true;
  }

  end(): string[] {
    this.#finish();
    return this.words;
  }

  #finish(): void {
    if (this.#word === "") return;
    this.words.push(this.#word);
    this.#word = "";
    this.#inWord = false;
  }
}

class Expander {
  readonly #chars: string[];
  readonly #variables: Variables;
  readonly #options: ExpandOptions;
  readonly #escape: string;
  readonly #used = new Set<string>();
  readonly #unset = new Set<string>();
  #at = 0;
  #depth = 0;
  /** Of all values put in so far. */
  #length = 0;

  constructor(source: string, variables: Variables, options: ExpandOptions) {
    this.#chars = [...source];
    this.#variables = variables;
    this.#options = options;
    this.#escape = options.escape ?? "\\";
  }

  run(): Expansion {
    const { text, words } = this.#until(undefined, this.#options.rawEscapes ?? false);
    return { text, words, used: this.#used, unset: this.#unset };
  }

  #peek(): string | undefined {
    return this.#chars[this.#at];
  }

  #next(): string | undefined {
    return this.#chars[this.#at++];
  }

  #atEnd(): boolean {
    return this.#at >= this.#chars.length;
  }

  #until(stop: string | undefined, rawEscapes: boolean): { text: string; words: string[] } {
    if (++this.#depth > 64) throw syntaxError("substitutions are nested too deeply");
    const collector = new WordCollector();
    let text = "";
    while (!this.#atEnd()) {
      const char = this.#peek()!;
      if (char === stop) {
        this.#at++;
        this.#depth--;
        return { text, words: collector.end() };
      }
      if (char === "$") {
        const value = this.#dollar(rawEscapes);
        text += value;
        collector.add(value);
      } else if (!this.#options.ignoreQuotes && (char === "'" || char === '"')) {
        const value = char === "'" ? this.#singleQuoted() : this.#doubleQuoted(rawEscapes);
        text += value;
        collector.addRaw(value);
      } else if (char === "<" && this.#chars[this.#at + 1] === "<") {
        const marker = this.#heredocMarker();
        text += marker;
        collector.addRaw(marker);
      } else {
        text += this.#plain(collector, rawEscapes);
      }
    }
    if (stop !== undefined) {
      throw syntaxError(`unexpected end of statement while looking for matching ${stop}`);
    }
    return { text, words: collector.end() };
  }

  /** `<<` draws the white space behind it into its word, so that `<< EOF` stays one. */
  #heredocMarker(): string {
    this.#at += 2;
    let marker = "<<";
    while (this.#peek() === " " || this.#peek() === "\t") marker += this.#next();
    return marker;
  }

  #plain(collector: WordCollector, rawEscapes: boolean): string {
    const char = this.#next()!;
    if (char !== this.#escape) {
      collector.add(char);
      return char;
    }
    let text = "";
    if (rawEscapes) {
      text += char;
      collector.addRaw(char);
    }
    const escaped = this.#next();
    if (escaped === undefined) return text;
    collector.addRaw(escaped);
    return text + escaped;
  }

  #singleQuoted(): string {
    const raw = this.#options.rawQuotes;
    let text = "";
    if (raw) text += "'";
    this.#at++;
    for (;;) {
      const char = this.#next();
      if (char === undefined)
        throw syntaxError("unexpected end of statement while looking for matching single-quote");
      if (char === "'") return raw ? text + char : text;
      text += char;
    }
  }

  #doubleQuoted(rawEscapes: boolean): string {
    const raw = this.#options.rawQuotes;
    let text = "";
    if (raw) text += '"';
    this.#at++;
    for (;;) {
      const char = this.#peek();
      if (char === undefined)
        throw syntaxError("unexpected end of statement while looking for matching double-quote");
      if (char === "$") {
        text += this.#dollar(rawEscapes);
        continue;
      }
      this.#at++;
      if (char === '"') return raw ? text + char : text;
      if (char !== this.#escape) {
        text += char;
        continue;
      }
      if (rawEscapes) text += char;
      const following = this.#peek();
      if (following === undefined) continue;
      if (following === '"' || following === "$" || following === this.#escape) text += this.#next();
      else if (!rawEscapes) text += char;
    }
  }

  #dollar(rawEscapes: boolean): string {
    this.#at++;
    if (this.#peek() !== "{") {
      const name = this.#name();
      if (name === "") return "$";
      const value = this.#lookUp(name);
      return value === undefined && this.#options.keepUnset ? `$${name}` : (value ?? "");
    }
    this.#at++;
    const first = this.#peek();
    if (first === undefined) throw syntaxError("syntax error: missing '}'");
    if (first === "{" || first === "}" || first === ":") throw syntaxError("syntax error: bad substitution");
    return this.#braced(this.#name(), rawEscapes);
  }

  #braced(name: string, rawEscapes: boolean): string {
    const value = this.#lookUp(name);
    let operator = this.#next();
    if (operator === "}") {
      return value === undefined && this.#options.keepUnset ? `\${${name}}` : (value ?? "");
    }
    if (operator === "/") return this.#replace(name, value);
    let modifier = operator ?? NO_CHARACTER;
    let emptyCountsAsUnset = false;
    if (operator === ":") {
      emptyCountsAsUnset = true;
      operator = this.#next();
      modifier += operator ?? NO_CHARACTER;
    }
    const allowed = emptyCountsAsUnset ? "+-?" : "+-?#%";
    if (operator === undefined || !allowed.includes(operator)) {
      throw syntaxError(`unsupported modifier (${modifier}) in substitution`);
    }
    const isPattern = operator === "#" || operator === "%";
    const word = this.#closing("}", isPattern || rawEscapes, "syntax error: missing '}'");
    if (value === undefined && this.#options.keepUnset) return `\${${name}${modifier}${word}}`;
    const missing = value === undefined || (emptyCountsAsUnset && value === "");
    if (operator === "-") return missing ? word : value;
    if (operator === "+") return missing ? "" : word;
    if (operator === "?") {
      if (!missing) return value;
      const reason = value === undefined ? "is not allowed to be unset" : "is not allowed to be empty";
      throw syntaxError(`${name}: ${word === "" ? reason : word}`);
    }
    // The doubled operator, which asks for the longest match, still stands in front of the pattern.
    const longest = word.startsWith(operator);
    const end = operator === "#" ? "prefix" : "suffix";
    return trimShellPattern(value ?? "", longest ? word.slice(1) : word, { end, longest });
  }

  #replace(name: string, value: string | undefined): string {
    const all = this.#peek() === "/";
    if (all) this.#at++;
    const pattern = this.#closing("/", true, "syntax error: missing '/' in ${}");
    const replacement = this.#closing("}", true, "syntax error: missing '}'");
    if (value === undefined && this.#options.keepUnset)
      return `\${${name}${all ? "//" : "/"}${pattern}/${replacement}}`;
    return replaceShellPattern(value ?? "", pattern, replacement, all);
  }

  #closing(stop: string, rawEscapes: boolean, missing: string): string {
    const from = this.#depth;
    try {
      return this.#until(stop, rawEscapes).text;
    } catch (error) {
      this.#depth = from;
      if (this.#atEnd() && error instanceof DockerfileSyntaxError) throw syntaxError(missing);
      throw error;
    }
  }

  #name(): string {
    const first = this.#peek();
    if (first === undefined) return "";
    if (DIGIT.test(first)) return this.#while(DIGIT);
    if (SPECIAL_PARAMETERS.includes(first)) return this.#next()!;
    return this.#while(NAME_CHARACTER);
  }

  #while(pattern: RegExp): string {
    let text = "";
    while (!this.#atEnd() && pattern.test(this.#peek()!)) text += this.#next();
    return text;
  }

  #lookUp(name: string): string | undefined {
    const value = this.#variables.get(name);
    this.#length += value?.length ?? 0;
    if (this.#length > MAX_LENGTH) throw syntaxError("the value is too long");
    (value === undefined ? this.#unset : this.#used).add(name);
    return value;
  }
}
