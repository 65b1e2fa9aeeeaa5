import { GantryError } from "../base/index.ts";
import {
  type CharTest,
  charTest,
  foldedTest,
  negated,
  perlClass,
  posixClass,
  unicodeClass,
} from "./go-regexp-class.ts";

export type Assertion = "textStart" | "textEnd" | "lineStart" | "lineEnd" | "wordBoundary" | "noWordBoundary";

export type Node =
  | { kind: "char"; test: CharTest }
  | { kind: "assert"; assertion: Assertion }
  | { kind: "concat"; parts: Node[] }
  | { kind: "alternate"; parts: Node[] }
  | { kind: "repeat"; part: Node; min: number; max: number; isLazy: boolean };

/** No repetition, nor several inside of each other, makes more copies than this (regexp/syntax). */
const MAX_REPEAT = 1000;
const MAX_DEPTH = 1000;
const MAX_NODES = 100_000;

/** The message of Go's regexp.Compile. */
export function regexpError(code: string, excerpt: string): GantryError {
  const message = `error parsing regexp: ${code}: \`${excerpt}\``;
  return new GantryError("InvalidArgument", message, { code: "GoRegexp.Syntax" });
}

interface Flags {
  ignoresCase: boolean;
  isMultiline: boolean;
  dotMatchesNewline: boolean;
  isLazy: boolean;
}

interface Group {
  flags: Flags;
  branches: Node[];
  parts: Node[];
}

/** Reads a pattern in the syntax of RE2, as Go's regexp does with its Perl extensions. Throws InvalidArgument. */
export function parseGoRegexp(pattern: string): Node {
  return new Parser(pattern).parse();
}

class Parser {
  readonly #whole: string;
  #rest: string;
  #flags: Flags = { ignoresCase: false, isMultiline: false, dotMatchesNewline: false, isLazy: false };
  readonly #groups: Group[] = [];
  readonly #names = new Set<string>();
  #branches: Node[] = [];
  #parts: Node[] = [];
  #nodes = 0;

  constructor(pattern: string) {
    this.#whole = pattern;
    this.#rest = pattern;
  }

  parse(): Node {
    let lastRepeat = "";
    while (this.#rest !== "") {
      const before = this.#rest;
      lastRepeat = this.#step(lastRepeat) ? before : "";
      if (++this.#nodes > MAX_NODES) throw regexpError("expression too large", this.#whole);
    }
    if (this.#groups.length > 0) throw regexpError("missing closing )", this.#whole);
    return this.#closeBranches();
  }

  /** Reads one item; true if that was a repetition. */
  #step(lastRepeat: string): boolean {
    const rest = this.#rest;
    switch (rest[0]) {
      case "(":
        if (rest[1] === "?") this.#perlGroup();
        else this.#open(1);
        return false;
      case "|":
        this.#branches.push({ kind: "concat", parts: this.#parts });
        this.#parts = [];
        this.#rest = rest.slice(1);
        return false;
      case ")":
        this.#close();
        return false;
      case "^":
        return this.#push(
          { kind: "assert", assertion: this.#flags.isMultiline ? "lineStart" : "textStart" },
          1,
        );
      case "$":
        return this.#push({ kind: "assert", assertion: this.#flags.isMultiline ? "lineEnd" : "textEnd" }, 1);
      case ".": {
        const any = this.#flags.dotMatchesNewline;
        return this.#push({ kind: "char", test: any ? () => true : (c) => c !== 0x0a }, 1);
      }
      case "[":
        this.#class();
        return false;
      case "*":
        return this.#repeat(0, Number.POSITIVE_INFINITY, rest.slice(1), lastRepeat);
      case "+":
        return this.#repeat(1, Number.POSITIVE_INFINITY, rest.slice(1), lastRepeat);
      case "?":
        return this.#repeat(0, 1, rest.slice(1), lastRepeat);
      case "{":
        return this.#counted(lastRepeat);
      case "\\":
        this.#escaped();
        return false;
      default:
        this.#literal(rest.codePointAt(0)!);
        this.#rest = rest.slice(charLength(rest));
        return false;
    }
  }

  #push(node: Node, length: number): false {
    this.#parts.push(node);
    this.#rest = this.#rest.slice(length);
    return false;
  }

  #literal(codePoint: number): void {
    this.#parts.push({ kind: "char", test: charTest(codePoint, this.#flags.ignoresCase) });
  }

  #open(length: number): void {
    if (this.#groups.length >= MAX_DEPTH) throw regexpError("expression nests too deeply", this.#whole);
    this.#groups.push({ flags: { ...this.#flags }, branches: this.#branches, parts: this.#parts });
    this.#branches = [];
    this.#parts = [];
    this.#rest = this.#rest.slice(length);
  }

  #close(): void {
    const group = this.#groups.pop();
    if (group === undefined) throw regexpError("unexpected )", this.#whole);
    const node = this.#closeBranches();
    this.#branches = group.branches;
    this.#parts = [...group.parts, node];
    this.#flags = group.flags;
    this.#rest = this.#rest.slice(1);
  }

  #closeBranches(): Node {
    const last: Node = { kind: "concat", parts: this.#parts };
    return this.#branches.length === 0 ? last : { kind: "alternate", parts: [...this.#branches, last] };
  }

  /** `(?:…)`, `(?i)`, `(?i:…)`, `(?P<name>…)`. */
  #perlGroup(): void {
    const rest = this.#rest;
    const named = /^\(\?P?</.exec(rest);
    if (named !== null && rest.length > named[0].length) {
      const [head, name] = /^\(\?P?<([^>]*)>/.exec(rest) ?? [];
      if (head === undefined) throw regexpError("invalid named capture", rest);
      if (!/^[A-Za-z0-9_]+$/.test(name!)) throw regexpError("invalid named capture", head);
      if (this.#names.has(name!)) throw regexpError("duplicate capture group name", name!);
      this.#names.add(name!);
      this.#open(head.length);
      return;
    }
    const flags = /^\(\?([imsU]*)(-[imsU]+)?([:)])/.exec(rest);
    if (flags === null) throw regexpError("invalid or unsupported Perl syntax", badFlags(rest));
    const changed = withFlags(withFlags(this.#flags, flags[1]!, true), flags[2] ?? "", false);
    if (flags[3] === ":") this.#open(flags[0].length);
    else this.#rest = rest.slice(flags[0].length);
    this.#flags = changed;
  }

  #counted(lastRepeat: string): boolean {
    const match = /^\{(\d+)(?:(,)(\d*))?\}/.exec(this.#rest);
    // Leading zeros are no number to Go; what is no count is itself.
    if (match === null || /^0\d/.test(match[1]!) || /^0\d/.test(match[3] ?? "")) {
      this.#literal(0x7b);
      this.#rest = this.#rest.slice(1);
      return false;
    }
    const min = Number(match[1]);
    const max = match[2] === undefined ? min : match[3] === "" ? Number.POSITIVE_INFINITY : Number(match[3]);
    if (min > MAX_REPEAT || (max > MAX_REPEAT && max !== Number.POSITIVE_INFINITY) || min > max)
      throw regexpError("invalid repeat count", match[0]);
    return this.#repeat(min, max, this.#rest.slice(match[0].length), lastRepeat);
  }

  #repeat(min: number, max: number, afterOperator: string, lastRepeat: string): true {
    const hasMark = afterOperator[0] === "?";
    const after = hasMark ? afterOperator.slice(1) : afterOperator;
    const excerpt = this.#rest.slice(0, this.#rest.length - after.length);
    if (lastRepeat !== "") {
      const both = lastRepeat.slice(0, lastRepeat.length - after.length);
      throw regexpError("invalid nested repetition operator", both);
    }
    const part = this.#parts.pop();
    if (part === undefined) throw regexpError("missing argument to repetition operator", excerpt);
    const node: Node = { kind: "repeat", part, min, max, isLazy: this.#flags.isLazy !== hasMark };
    if ((min >= 2 || max >= 2) && copies(node) > MAX_REPEAT)
      throw regexpError("invalid repeat count", excerpt);
    this.#parts.push(node);
    this.#rest = after;
    return true;
  }

  #escaped(): void {
    const rest = this.#rest;
    const assertion = ASSERTIONS[rest[1] ?? ""];
    if (assertion !== undefined) {
      this.#push({ kind: "assert", assertion }, 2);
      return;
    }
    if (rest[1] === "Q") {
      const end = rest.indexOf("\\E");
      const text = end < 0 ? rest.slice(2) : rest.slice(2, end);
      for (const char of text) this.#literal(char.codePointAt(0)!);
      this.#rest = end < 0 ? "" : rest.slice(end + 2);
      return;
    }
    const named = readEscapedClass(rest);
    if (named !== undefined) {
      this.#push({ kind: "char", test: this.#cased(named.test) }, named.length);
      return;
    }
    const { codePoint, length } = readEscape(rest);
    this.#literal(codePoint);
    this.#rest = rest.slice(length);
  }

  #cased(test: CharTest): CharTest {
    return this.#flags.ignoresCase ? foldedTest(test) : test;
  }

  #class(): void {
    const whole = this.#rest;
    let rest = whole.slice(1);
    const isNegated = rest[0] === "^";
    if (isNegated) rest = rest.slice(1);
    const tests: CharTest[] = [];
    for (let isFirst = true; rest[0] !== "]" || isFirst; isFirst = false) {
      const item = readClassItem(rest, whole);
      tests.push(item.test);
      rest = rest.slice(item.length);
    }
    const any = this.#cased((c) => tests.some((test) => test(c)));
    this.#parts.push({ kind: "char", test: isNegated ? negated(any) : any });
    this.#rest = rest.slice(1);
  }
}

const ASSERTIONS: Record<string, Assertion> = {
  A: "textStart",
  z: "textEnd",
  b: "wordBoundary",
  B: "noWordBoundary",
};

const charLength = (text: string) => (text.codePointAt(0)! > 0xffff ? 2 : 1);

const FLAGS: Record<string, keyof Flags> = {
  i: "ignoresCase",
  m: "isMultiline",
  s: "dotMatchesNewline",
  U: "isLazy",
};

function withFlags(flags: Flags, letters: string, value: boolean): Flags {
  const out = { ...flags };
  for (const letter of letters.replace("-", "")) out[FLAGS[letter]!] = value;
  return out;
}

/** Up to and with the first letter that is no flag. */
const badFlags = (rest: string) => /^\(\?[imsU]*(?:-[imsU]*)?[\s\S]?/u.exec(rest)![0];

/** How many copies of its innermost part a repetition stands for. */
function copies(node: Node): number {
  switch (node.kind) {
    case "repeat": {
      const own = node.max === Number.POSITIVE_INFINITY ? node.min : node.max;
      return Math.max(own, 1) * copies(node.part);
    }
    case "concat":
    case "alternate":
      return node.parts.reduce((most, part) => Math.max(most, copies(part)), 1);
    default:
      return 1;
  }
}

function readEscapedClass(rest: string): { test: CharTest; length: number } | undefined {
  const letter = rest[1] ?? "";
  const perl = perlClass(letter);
  if (perl !== undefined) return { test: perl, length: 2 };
  if (letter !== "p" && letter !== "P") return undefined;
  const [text, braced, one] = /^\\[pP](?:\{([^}]*)\}|([\s\S]))/u.exec(rest) ?? [];
  if (text === undefined || (one === "{" && braced === undefined))
    throw regexpError("invalid character class range", rest);
  const test = unicodeClass(braced ?? one!);
  if (test === undefined) throw regexpError("invalid character class range", text);
  return { test: letter === "P" ? negated(test) : test, length: text.length };
}

function readClassItem(rest: string, whole: string): { test: CharTest; length: number } {
  const posix = /^\[:([^\]]*?):\]/.exec(rest);
  if (posix !== null) {
    const test = posixClass(posix[1]!);
    if (test === undefined) throw regexpError("invalid character class range", posix[0]);
    return { test, length: posix[0].length };
  }
  const named = rest[0] === "\\" ? readEscapedClass(rest) : undefined;
  if (named !== undefined) return named;
  const low = readClassChar(rest, whole);
  const after = rest.slice(low.length);
  if (after[0] !== "-" || after.length < 2 || after[1] === "]")
    return { test: (c) => c === low.codePoint, length: low.length };
  const high = readClassChar(after.slice(1), whole);
  const length = low.length + 1 + high.length;
  if (high.codePoint < low.codePoint)
    throw regexpError("invalid character class range", rest.slice(0, length));
  return { test: (c) => c >= low.codePoint && c <= high.codePoint, length };
}

function readClassChar(rest: string, whole: string): { codePoint: number; length: number } {
  if (rest === "") throw regexpError("missing closing ]", whole);
  if (rest[0] === "\\") return readEscape(rest);
  return { codePoint: rest.codePointAt(0)!, length: charLength(rest) };
}

const CONTROLS: Record<string, number> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

/** A backslash and what it makes of what follows; there are no back references. */
function readEscape(rest: string): { codePoint: number; length: number } {
  const char = rest.slice(1, 1 + (rest.length > 1 ? charLength(rest.slice(1)) : 0));
  if (char === "") throw regexpError("trailing backslash at end of expression", "");
  const octal = /^\\(0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(rest);
  if (octal !== null) return { codePoint: Number.parseInt(octal[1]!, 8), length: octal[0].length };
  if (char === "x") {
    const hex = /^\\x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]+)\})/.exec(rest);
    const codePoint = hex === null ? Number.NaN : Number.parseInt(hex[1] ?? hex[2]!, 16);
    if (codePoint <= 0x10ffff) return { codePoint, length: hex![0].length };
    // A number that is too large ends the excerpt, anything else the character behind it.
    const excerpt = hex === null ? /^\\x\{?[0-9A-Fa-f]*[\s\S]?/.exec(rest)![0] : hex[0].slice(0, -1);
    throw regexpError("invalid escape sequence", excerpt);
  }
  const control = CONTROLS[char];
  if (control !== undefined) return { codePoint: control, length: 2 };
  if (/^[!-/:-@[-`{-~ ]$/.test(char) || char.charCodeAt(0) < 0x20)
    return { codePoint: char.codePointAt(0)!, length: 2 };
  throw regexpError("invalid escape sequence", `\\${char}`);
}
