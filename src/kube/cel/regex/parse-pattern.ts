import { anyOf, ignoringCase, not, PERL_CLASSES, posixClass, unicodeClass } from "./char-class.ts";
import { type CharTest, type Pattern, PatternError } from "./pattern.ts";

interface Flags {
  ignoreCase: boolean;
  multiLine: boolean;
  dotAll: boolean;
  ungreedy: boolean;
}

const MAX_REPEAT = 1000;
/** What repeats may multiply to, as Go has it. */
const MAX_NESTED_REPEAT = 1000;
const MAX_DEPTH = 1000;
const ESCAPED_CONTROLS: Record<string, number> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 };

/** Parses RE2's syntax as Go's regexp takes it. Throws PatternError in Go's words. */
export function parsePattern(text: string): Pattern {
  return new PatternParser(text).parse();
}

class PatternParser {
  readonly #text: string;
  #at = 0;
  #depth = 0;
  #flags: Flags = { ignoreCase: false, multiLine: false, dotAll: false, ungreedy: false };

  constructor(text: string) {
    this.#text = text;
  }

  parse(): Pattern {
    const pattern = this.#choice();
    if (this.#at < this.#text.length) throw new PatternError("unexpected )", this.#text);
    if (repeatFactor(pattern) > MAX_NESTED_REPEAT)
      throw new PatternError("invalid repeat count", this.#lastRepeat);
    return pattern;
  }

  #lastRepeat = "";

  #peek(text: string): boolean {
    return this.#text.startsWith(text, this.#at);
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    const match = pattern.exec(this.#text.slice(this.#at));
    if (match !== null) this.#at += match[0].length;
    return match;
  }

  #choice(): Pattern {
    const options = [this.#sequence()];
    while (this.#peek("|")) {
      this.#at++;
      options.push(this.#sequence());
    }
    return options.length === 1 ? options[0]! : { kind: "choice", options };
  }

  #sequence(): Pattern {
    const parts: Pattern[] = [];
    while (this.#at < this.#text.length && !this.#peek("|") && !this.#peek(")")) {
      const quoted = this.#take(/^\\Q([\s\S]*?)(?:\\E|$)/);
      if (quoted !== null) parts.push(...Array.from(quoted[1]!, (one) => this.#literal(one.codePointAt(0)!)));
      else parts.push(...this.#repeated());
    }
    return parts.length === 1 ? parts[0]! : { kind: "sequence", parts };
  }

  /** An atom and the repeat behind it. */
  #repeated(): Pattern[] {
    const start = this.#at;
    const stray = this.#take(/^[*+?]/);
    if (stray !== null) throw new PatternError("missing argument to repetition operator", stray[0]);
    const atom = this.#atom();
    if (atom === undefined) return [];
    let body = atom;
    let previous: string | undefined;
    for (let repeat = this.#repeat(); repeat !== undefined; repeat = this.#repeat()) {
      if (previous !== undefined)
        throw new PatternError("invalid nested repetition operator", `${previous}${repeat.text}`);
      previous = repeat.text;
      this.#lastRepeat = repeat.text;
      body = { kind: "repeat", body, min: repeat.min, max: repeat.max, isGreedy: repeat.isGreedy };
    }
    if (start === this.#at) throw new PatternError("invalid regexp", this.#text);
    return [body];
  }

  #repeat(): { text: string; min: number; max: number; isGreedy: boolean } | undefined {
    const match = this.#take(/^(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})(\??)/);
    if (match === null) return undefined;
    const [text, sign, low, comma, high, lazy] = match as unknown as (string | undefined)[];
    const isGreedy = (lazy === "") !== this.#flags.ungreedy;
    if (sign !== undefined)
      return { text: text!, min: sign === "+" ? 1 : 0, max: sign === "?" ? 1 : Infinity, isGreedy };
    const min = Number(low);
    const max = comma === undefined ? min : high === "" ? Infinity : Number(high);
    const isInRange = min <= MAX_REPEAT && (max === Infinity || (max <= MAX_REPEAT && min <= max));
    if (!isInRange) throw new PatternError("invalid repeat count", text!.replace(/\?$/, ""));
    return { text: text!, min, max, isGreedy };
  }

  #atom(): Pattern | undefined {
    switch (this.#text[this.#at]) {
      case "(":
        return this.#group();
      case "[":
        return this.#char(this.#bracket());
      case ".":
        this.#at++;
        return { kind: "char", test: this.#flags.dotAll ? () => true : (code) => code !== 0x0a };
      case "^":
        this.#at++;
        return { kind: "assert", assertion: this.#flags.multiLine ? "line-start" : "text-start" };
      case "$":
        this.#at++;
        return { kind: "assert", assertion: this.#flags.multiLine ? "line-end" : "text-end" };
      case "\\":
        return this.#escape();
    }
    const code = this.#text.codePointAt(this.#at)!;
    this.#at += code > 0xffff ? 2 : 1;
    return this.#literal(code);
  }

  #literal(code: number): Pattern {
    return this.#char((other) => other === code);
  }

  #char(test: CharTest): Pattern {
    return { kind: "char", test: this.#flags.ignoreCase ? ignoringCase(test) : test };
  }

  #group(): Pattern | undefined {
    this.#depth++;
    if (this.#depth > MAX_DEPTH) throw new PatternError("expression nests too deeply", this.#text);
    const start = this.#at;
    const outer = { ...this.#flags };
    if (this.#take(/^\(\?P?<[A-Za-z_]\w*>/) === null) {
      if (this.#peek("(?P") || this.#peek("(?<")) throw this.#badGroup(start);
      if (this.#peek("(?")) {
        if (this.#flagsGroup(start) === "set") {
          this.#depth--;
          return undefined;
        }
      } else this.#at++;
    }
    const body = this.#choice();
    if (!this.#peek(")")) throw new PatternError("missing closing )", this.#text);
    this.#at++;
    this.#flags = outer;
    this.#depth--;
    return body;
  }

  #badGroup(start: number): PatternError {
    const end = this.#text.indexOf(">", start);
    return new PatternError("invalid named capture", this.#text.slice(start, end < 0 ? undefined : end + 1));
  }

  /** `(?i)` sets flags for what follows, `(?i:` for the group that it opens. */
  #flagsGroup(start: number): "set" | "open" {
    const match = this.#take(/^\(\?([imsU]*)(?:-([imsU]+))?([:)])/);
    if (match === null) {
      const shown = /^\(\?[imsU-]*[\s\S]?/.exec(this.#text.slice(start))![0];
      throw new PatternError("invalid or unsupported Perl syntax", shown);
    }
    this.#flags = { ...this.#flags };
    for (const flag of match[1]!) this.#setFlag(flag, true);
    for (const flag of match[2] ?? "") this.#setFlag(flag, false);
    return match[3] === ")" ? "set" : "open";
  }

  #setFlag(flag: string, value: boolean): void {
    if (flag === "i") this.#flags.ignoreCase = value;
    else if (flag === "m") this.#flags.multiLine = value;
    else if (flag === "s") this.#flags.dotAll = value;
    else this.#flags.ungreedy = value;
  }

  #escape(): Pattern {
    const assertion = this.#take(/^\\[AzbB]/)?.[0];
    if (assertion === "\\A") return { kind: "assert", assertion: "text-start" };
    if (assertion === "\\z") return { kind: "assert", assertion: "text-end" };
    if (assertion !== undefined)
      return { kind: "assert", assertion: assertion === "\\b" ? "word-boundary" : "no-word-boundary" };
    const shorthand = this.#shorthandClass();
    return shorthand === undefined ? this.#literal(this.#escapedCode()) : this.#char(shorthand);
  }

  #shorthandClass(): CharTest | undefined {
    const perl = this.#take(/^\\([dDsSwW])/);
    if (perl !== null) return PERL_CLASSES[perl[1]!];
    const unicode = this.#take(/^\\[pP](?:\{\^?\w*\}|[A-Za-z])/);
    if (unicode !== null) return unicodeClass(unicode[0]);
    if (this.#peek("\\p") || this.#peek("\\P"))
      throw new PatternError("invalid character class range", this.#text.slice(this.#at));
    return undefined;
  }

  #escapedCode(): number {
    const control = this.#take(/^\\([aftnrv])/);
    if (control !== null) return ESCAPED_CONTROLS[control[1]!]!;
    const octal = this.#take(/^\\(?:0[0-7]{0,2}|[1-7][0-7]{1,2})/);
    if (octal !== null) return Number.parseInt(octal[0].slice(1), 8);
    const hex = this.#take(/^\\x(?:([0-9a-fA-F]{2})|\{([0-9a-fA-F]+)\})/);
    if (hex !== null) {
      const code = Number.parseInt(hex[1] ?? hex[2]!, 16);
      if (code <= 0x10ffff) return code;
      throw new PatternError("invalid escape sequence", hex[0].replace("}", ""));
    }
    const plain = this.#take(/^\\([\x00-/:-@[-`{-\x7f])/);
    if (plain !== null) return plain[1]!.codePointAt(0)!;
    if (this.#at + 1 >= this.#text.length)
      throw new PatternError("trailing backslash at end of expression", "");
    const shown = this.#text.slice(this.#at, this.#at + 2);
    throw new PatternError("invalid escape sequence", shown);
  }

  #bracket(): CharTest {
    const start = this.#at;
    this.#at++;
    const isNegated = this.#take(/^\^/) !== null;
    const tests: CharTest[] = [];
    for (let isFirst = true; isFirst || !this.#peek("]"); isFirst = false) {
      if (this.#at >= this.#text.length) throw new PatternError("missing closing ]", this.#text.slice(start));
      tests.push(this.#bracketItem(start));
    }
    this.#at++;
    const test = anyOf(tests);
    // A negated class is negated after case is ignored.
    const folded = this.#flags.ignoreCase ? ignoringCase(test) : test;
    return isNegated ? not(folded) : folded;
  }

  #bracketItem(start: number): CharTest {
    const posix = this.#take(/^\[:\^?\w*:\]/);
    if (posix !== null) return posixClass(posix[0]);
    const shorthand = this.#peek("\\") ? this.#shorthandClass() : undefined;
    if (shorthand !== undefined) return shorthand;
    const itemStart = this.#at;
    const low = this.#bracketCode(start);
    if (!/^-[^\]]/s.test(this.#text.slice(this.#at))) return (code) => code === low;
    this.#at++;
    const high = this.#bracketCode(start);
    if (high < low)
      throw new PatternError("invalid character class range", this.#text.slice(itemStart, this.#at));
    return (code) => code >= low && code <= high;
  }

  #bracketCode(start: number): number {
    if (this.#at >= this.#text.length) throw new PatternError("missing closing ]", this.#text.slice(start));
    if (this.#peek("\\")) return this.#escapedCode();
    const code = this.#text.codePointAt(this.#at)!;
    this.#at += code > 0xffff ? 2 : 1;
    return code;
  }
}

/** How often nested repeats repeat what is innermost, counting only written counts. */
function repeatFactor(pattern: Pattern): number {
  switch (pattern.kind) {
    case "sequence":
      return Math.max(1, ...pattern.parts.map(repeatFactor));
    case "choice":
      return Math.max(1, ...pattern.options.map(repeatFactor));
    case "repeat": {
      const count = pattern.max === Infinity ? pattern.min : pattern.max;
      return Math.max(1, count) * repeatFactor(pattern.body);
    }
    default:
      return 1;
  }
}
