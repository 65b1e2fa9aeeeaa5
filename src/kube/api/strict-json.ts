import { Buffer } from "node:buffer";
import { errorMessage, GantryError } from "../../base/index.ts";
import { exactInteger, parseJson, setOwn } from "../../formats/index.ts";

export interface StrictJson {
  value: unknown;
  /** Paths of keys that stand twice in one object (`spec.replicas`); the later value counts. */
  duplicates: string[];
}

/** No kind is nested this deep; deeper documents only serve to exhaust the stack. */
const MAX_DEPTH = 128;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

/**
 * Parses a body as Go's decoder would, with a limit on depth. The built-in parser does the work; a scan of the bytes
 * counts keys on the way, and only where the result holds fewer does the slow parser look for the duplicates. Throws InvalidArgument with Go's message.
 */
export function parseStrictJson(bytes: Uint8Array, maxDepth = MAX_DEPTH): StrictJson {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  const scan = scanKeys(bytes);
  if (scan.depth > maxDepth) throw refuse("exceeded max depth");
  let value: unknown;
  try {
    value = LONE_SURROGATE.test(text) ? parseJson(text, wellFormed) : parseJson(text);
  } catch (error) {
    new SlowParser(text, maxDepth).parse();
    throw refuse(errorMessage(error));
  }
  if (countKeys(value) === scan.keys) return { value, duplicates: [] };
  return new SlowParser(text, maxDepth).parse();
}

/** Of the fields with these paths, which stand once or more than once in the text, each in its place there. */
export function problemsInOrder(bytes: Uint8Array, unknownFields: readonly string[]): string[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  const problems: string[] = [];
  const unknown = new Set(unknownFields);
  new SlowParser(text, MAX_DEPTH, (path, isDuplicate) => {
    if (isDuplicate) problems.push(duplicateField(path));
    else if (unknown.has(path)) problems.push(unknownField(path));
  }).parse();
  return problems;
}

export const duplicateField = (path: string): string => `duplicate field ${JSON.stringify(path)}`;
export const unknownField = (path: string): string => `unknown field ${JSON.stringify(path)}`;

/** An escape of half a character, perhaps: Go reads it as U+FFFD. */
const LONE_SURROGATE = /\\u[dD][89a-fA-F]/;

function wellFormed(_: string, value: unknown): unknown {
  return typeof value === "string" ? value.toWellFormed() : value;
}

function refuse(message: string): GantryError {
  return new GantryError("InvalidArgument", message, { code: "Json.Invalid" });
}

/** Every colon outside a string belongs to a key. */
function scanKeys(bytes: Uint8Array): { keys: number; depth: number } {
  let keys = 0;
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte === QUOTE) at = endOfString(bytes, at);
    else if (byte === COLON) keys++;
    else if (byte === 0x7b || byte === 0x5b) deepest = Math.max(deepest, ++depth);
    else if (byte === 0x7d || byte === 0x5d) depth--;
  }
  return { keys, depth: deepest };
}

function endOfString(bytes: Uint8Array, start: number): number {
  let end = bytes.indexOf(QUOTE, start + 1);
  while (end >= 0 && isEscaped(bytes, end)) end = bytes.indexOf(QUOTE, end + 1);
  return end < 0 ? bytes.length : end;
}

function isEscaped(bytes: Uint8Array, at: number): boolean {
  let slashes = 0;
  while (bytes[at - 1 - slashes] === BACKSLASH) slashes++;
  return slashes % 2 === 1;
}

function countKeys(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) count += countKeys(item);
    return count;
  }
  const object = value as Record<string, unknown>;
  for (const key in object) count += 1 + countKeys(object[key]);
  return count;
}

const LITERALS: [string, unknown][] = [
  ["true", true],
  ["false", false],
  ["null", null],
];

/** Finds duplicate keys and says in Go's words what is wrong; used only on bodies that are odd already. */
class SlowParser {
  readonly #text: string;
  readonly #maxDepth: number;
  readonly #onKey: ((path: string, isDuplicate: boolean) => void) | undefined;
  readonly #duplicates: string[] = [];
  #at = 0;

  /** `onKey` is told of each key in the order of the text. */
  constructor(text: string, maxDepth: number, onKey?: (path: string, isDuplicate: boolean) => void) {
    this.#text = text;
    this.#maxDepth = maxDepth;
    this.#onKey = onKey;
  }

  parse(): StrictJson {
    const value = this.#value("", 0);
    this.#space();
    if (this.#at < this.#text.length) throw this.#unexpected("after top-level value");
    return { value, duplicates: this.#duplicates };
  }

  #value(path: string, depth: number): unknown {
    if (depth > this.#maxDepth) throw refuse("exceeded max depth");
    this.#space();
    const char = this.#text[this.#at];
    if (char === "{") return this.#object(path, depth);
    if (char === "[") return this.#array(path, depth);
    if (char === '"') return this.#string();
    for (const [word, value] of LITERALS) {
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return value;
      }
    }
    return this.#number();
  }

  #object(path: string, depth: number): unknown {
    const out = {};
    this.#at++;
    this.#space();
    if (this.#take("}")) return out;
    for (;;) {
      this.#space();
      if (this.#text[this.#at] !== '"') throw this.#unexpected("looking for beginning of object key string");
      const key = this.#string();
      const inner = path === "" ? key : `${path}.${key}`;
      const isDuplicate = Object.hasOwn(out, key);
      if (isDuplicate) this.#duplicates.push(inner);
      this.#onKey?.(inner, isDuplicate);
      this.#space();
      if (!this.#take(":")) throw this.#unexpected("after object key");
      setOwn(out, key, this.#value(inner, depth + 1));
      this.#space();
      if (this.#take("}")) return out;
      if (!this.#take(",")) throw this.#unexpected("after object key:value pair");
    }
  }

  #array(path: string, depth: number): unknown[] {
    const out: unknown[] = [];
    this.#at++;
    this.#space();
    if (this.#take("]")) return out;
    for (;;) {
      out.push(this.#value(`${path}[${out.length}]`, depth + 1));
      this.#space();
      if (this.#take("]")) return out;
      if (!this.#take(",")) throw this.#unexpected("after array element");
    }
  }

  #string(): string {
    const start = this.#at++;
    for (; this.#at < this.#text.length; this.#at++) {
      const char = this.#text[this.#at]!;
      if (char === "\\") this.#at++;
      else if (char < " ") throw this.#unexpected("in string literal");
      else if (char === '"') {
        this.#at++;
        return this.#unescaped(start);
      }
    }
    throw refuse("unexpected end of JSON input");
  }

  #unescaped(start: number): string {
    try {
      return JSON.parse(this.#text.slice(start, this.#at)) as string;
    } catch {
      throw refuse("invalid character in string escape code");
    }
  }

  #number(): number | bigint {
    const pattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) throw this.#unexpected("looking for beginning of value");
    this.#at = pattern.lastIndex;
    return exactInteger(match[0], Number(match[0]));
  }

  #space(): void {
    while (" \t\r\n".includes(this.#text[this.#at] ?? "x")) this.#at++;
  }

  #take(char: string): boolean {
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #unexpected(where: string): GantryError {
    const char = this.#text[this.#at];
    if (char === undefined) return refuse("unexpected end of JSON input");
    const shown = char === "'" ? `'\\''` : `'${JSON.stringify(char).slice(1, -1)}'`;
    return refuse(`invalid character ${char === '"' ? `'"'` : shown} ${where}`);
  }
}
