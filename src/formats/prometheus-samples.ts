export type SampleType = "counter" | "gauge" | "histogram" | "summary" | "untyped";

/** One line of an exposition: a value by its name and labels. */
export interface PrometheusSample {
  name: string;
  /** In their order; no name comes twice. */
  labels: readonly (readonly [name: string, value: string])[];
  value: number;
  /** Of the family that the sample belongs to, as far as the text said so before it. */
  type: SampleType;
}

/** Why a text is no exposition, with the line (from 1). */
export class ExpositionProblem extends Error {
  constructor(line: number, what: string) {
    super(`line ${line}: ${what}`);
  }
}

const MAX_LABELS = 64;
const MAX_NAME_CHARACTERS = 256;
const MAX_VALUE_CHARACTERS = 4096;

const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL_NAME = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const VALUE = /[^ \t#]+/y;
const BLANK = /[ \t]*/y;
const TYPE = /^#[ \t]*TYPE[ \t]+(\S+)[ \t]+(\S+)[ \t]*$/;
const NUMBER = /^[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|inf(?:inity)?|nan)$/i;
/** What the members of a family are called after it. */
const MEMBER_SUFFIX = /_(?:total|sum|count|bucket|created)$/;
const TYPES = new Set<string>(["counter", "gauge", "histogram", "summary"]);

/**
 * The samples of a text in Prometheus' exposition format 0.0.4, which OpenMetrics' is close enough to. Throws
 * ExpositionProblem at the first line that is neither. Times and exemplars in the text are left out: a sample is of the moment it was read.
 */
export function* prometheusSamples(text: string): Generator<PrometheusSample> {
  const types = new Map<string, SampleType>();
  let at = 0;
  for (let number = 1; at < text.length; number++) {
    const end = text.indexOf("\n", at);
    const line = text.slice(at, end < 0 ? text.length : end).replace(/\r$/, "");
    at = end < 0 ? text.length : end + 1;
    if (line.startsWith("#")) {
      const [, family, type] = TYPE.exec(line) ?? [];
      if (family && type) types.set(family, TYPES.has(type) ? (type as SampleType) : "untyped");
    } else if (line.trim() !== "") yield new SampleLine(line, number).read(types);
  }
}

class SampleLine {
  readonly #line: string;
  readonly #number: number;
  #at = 0;

  constructor(line: string, number: number) {
    this.#line = line;
    this.#number = number;
  }

  read(types: ReadonlyMap<string, SampleType>): PrometheusSample {
    this.#take(BLANK);
    const name = this.#take(NAME);
    if (name === "") throw this.#problem("a metric's name is expected");
    if (name.length > MAX_NAME_CHARACTERS) throw this.#problem("a metric's name is too long");
    this.#take(BLANK);
    const labels = this.#line[this.#at] === "{" ? this.#labels() : [];
    this.#take(BLANK);
    const value = numberOf(this.#take(VALUE));
    if (value === undefined) throw this.#problem("a value is expected");
    this.#end();
    const type = types.get(name) ?? types.get(name.replace(MEMBER_SUFFIX, "")) ?? "untyped";
    return { name, labels, value, type };
  }

  #labels(): [string, string][] {
    const labels: [string, string][] = [];
    this.#at++;
    for (;;) {
      this.#take(BLANK);
      if (this.#line[this.#at] === "}") break;
      const name = this.#take(LABEL_NAME);
      if (name === "") throw this.#problem("a label's name is expected");
      if (name.length > MAX_NAME_CHARACTERS) throw this.#problem("a label's name is too long");
      if (labels.some(([known]) => known === name)) throw this.#problem(`label ${name} comes twice`);
      this.#take(BLANK);
      this.#expect("=");
      this.#take(BLANK);
      labels.push([name, this.#quoted()]);
      if (labels.length > MAX_LABELS) throw this.#problem(`there are more than ${MAX_LABELS} labels`);
      this.#take(BLANK);
      if (this.#line[this.#at] === ",") this.#at++;
      else if (this.#line[this.#at] !== "}") throw this.#problem("a comma or a brace is expected");
    }
    this.#at++;
    return labels;
  }

  #quoted(): string {
    this.#expect('"');
    let value = "";
    for (let from = this.#at; ; ) {
      const next = this.#line[this.#at];
      if (next === undefined) throw this.#problem("a label's value has no end");
      if (next !== '"' && next !== "\\") {
        this.#at++;
        continue;
      }
      value += this.#line.slice(from, this.#at);
      if (value.length > MAX_VALUE_CHARACTERS) throw this.#problem("a label's value is too long");
      this.#at++;
      if (next === '"') return value;
      const escaped = this.#line[this.#at++];
      if (escaped !== "n" && escaped !== "\\" && escaped !== '"') throw this.#problem("bad escape");
      value += escaped === "n" ? "\n" : escaped;
      from = this.#at;
    }
  }

  /** A time may follow, and an exemplar. */
  #end(): void {
    this.#take(BLANK);
    const time = this.#take(VALUE);
    if (time !== "" && numberOf(time) === undefined) throw this.#problem("a time is expected");
    this.#take(BLANK);
    if (this.#at < this.#line.length && this.#line[this.#at] !== "#")
      throw this.#problem("there is more after the time");
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [found = ""] = pattern.exec(this.#line) ?? [];
    this.#at += found.length;
    return found;
  }

  #expect(character: string): void {
    if (this.#line[this.#at] !== character) throw this.#problem(`${character} is expected`);
    this.#at++;
  }

  #problem(what: string): ExpositionProblem {
    return new ExpositionProblem(this.#number, what);
  }
}

function numberOf(text: string): number | undefined {
  if (!NUMBER.test(text)) return undefined;
  const [first = ""] = text.replace(/^[+-]/, "").toLowerCase();
  if (first === "n") return Number.NaN;
  if (first === "i") return text.startsWith("-") ? -Infinity : Infinity;
  return Number(text);
}
