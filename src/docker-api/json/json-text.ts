import { invalidArgument } from "../../base/index.ts";

/** A number as it stands in the text: whether it is a whole one, and which, is seen in its digits. */
export class NumberLiteral {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** An object's members in their order; a key may stand twice. */
export class Members {
  readonly entries: readonly (readonly [key: string, value: JsonNode])[];

  constructor(entries: readonly (readonly [string, JsonNode])[]) {
    this.entries = entries;
  }
}

export type JsonNode = null | boolean | string | NumberLiteral | Members | readonly JsonNode[];

/** Go reads 10,000 levels; the stack here does not, and no request of this API has twenty. */
const MAX_DEPTH = 1_000;

export const invalidJson = (reason: string) =>
  invalidArgument(`invalid JSON: ${reason}`, { code: "DockerApi.Body" });

/**
 * Reads one JSON value as Go's encoding/json does, with its messages: clients match on them. What follows the value is
 * refused in dockerd's words, save closing brackets, which Go's Decoder.More does not count.
 */
export function parseJsonText(bytes: Buffer): JsonNode {
  const reader = new JsonReader(bytes);
  const value = reader.value(0);
  reader.end();
  return value;
}

const SIMPLE_ESCAPES = new Set(["b", "f", "n", "r", "t", "\\", "/", '"']);
const LITERALS: Record<string, [word: string, value: boolean | null]> = {
  t: ["true", true],
  f: ["false", false],
  n: ["null", null],
};

class JsonReader {
  readonly #bytes: Buffer;
  /** One character a byte, so that messages name bytes as Go does. */
  readonly #text: string;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#text = bytes.toString("latin1");
  }

  value(depth: number): JsonNode {
    if (depth > MAX_DEPTH) throw invalidJson("exceeded max depth");
    this.#space();
    const char = this.#peek();
    if (char === "{") return this.#object(depth);
    if (char === "[") return this.#array(depth);
    if (char === '"') return this.#string();
    if (char === "-" || isDigit(char)) return this.#number();
    const literal = LITERALS[char];
    if (literal) return this.#literal(...literal);
    throw this.#unexpected("looking for beginning of value");
  }

  end(): void {
    this.#space();
    const char = this.#text[this.#at];
    if (char === undefined || char === "}" || char === "]") return;
    throw invalidArgument("unexpected content after JSON", { code: "DockerApi.Body" });
  }

  #object(depth: number): Members {
    const entries: [string, JsonNode][] = [];
    this.#at++;
    this.#space();
    if (this.#take("}")) return new Members(entries);
    for (;;) {
      this.#space();
      if (this.#peek() !== '"') throw this.#unexpected("looking for beginning of object key string");
      const key = this.#string();
      this.#space();
      if (!this.#take(":")) throw this.#unexpected("after object key");
      entries.push([key, this.value(depth + 1)]);
      this.#space();
      if (this.#take("}")) return new Members(entries);
      if (!this.#take(",")) throw this.#unexpected("after object key:value pair");
    }
  }

  #array(depth: number): JsonNode[] {
    const items: JsonNode[] = [];
    this.#at++;
    this.#space();
    if (this.#take("]")) return items;
    for (;;) {
      items.push(this.value(depth + 1));
      this.#space();
      if (this.#take("]")) return items;
      if (!this.#take(",")) throw this.#unexpected("after array element");
    }
  }

  #string(): string {
    const start = this.#at++;
    let isEscaped = false;
    for (;;) {
      const char = this.#peek();
      if (char === '"') break;
      if (char < " ") throw this.#unexpected("in string literal");
      this.#at++;
      if (char !== "\\") continue;
      isEscaped = true;
      this.#escape();
    }
    this.#at++;
    if (!isEscaped) return this.#bytes.toString("utf8", start + 1, this.#at - 1);
    return (JSON.parse(this.#bytes.toString("utf8", start, this.#at)) as string).toWellFormed();
  }

  #escape(): void {
    const kind = this.#peek();
    if (kind !== "u") {
      if (!SIMPLE_ESCAPES.has(kind)) throw this.#unexpected("in string escape code");
      this.#at++;
      return;
    }
    this.#at++;
    for (let digits = 0; digits < 4; digits++) {
      if (!/[0-9a-fA-F]/.test(this.#peek())) throw this.#unexpected("in \\u hexadecimal character escape");
      this.#at++;
    }
  }

  #number(): NumberLiteral {
    const start = this.#at;
    this.#take("-");
    if (!this.#take("0")) this.#digits("in numeric literal");
    if (this.#take(".")) this.#digits("after decimal point in numeric literal");
    if (this.#take("e") || this.#take("E")) {
      if (!this.#take("+")) this.#take("-");
      this.#digits("in exponent of numeric literal");
    }
    return new NumberLiteral(this.#text.slice(start, this.#at));
  }

  #digits(where: string): void {
    if (!isDigit(this.#peek())) throw this.#unexpected(where);
    while (isDigit(this.#text[this.#at] ?? "")) this.#at++;
  }

  #literal(word: string, value: boolean | null): boolean | null {
    for (const expected of word) {
      if (this.#peek() !== expected) throw this.#unexpected(`in literal ${word} (expecting '${expected}')`);
      this.#at++;
    }
    return value;
  }

  #space(): void {
    while (" \t\r\n".includes(this.#text[this.#at] ?? "end")) this.#at++;
  }

  #take(char: string): boolean {
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #peek(): string {
    const char = this.#text[this.#at];
    if (char !== undefined) return char;
    throw invalidJson(this.#text.trim() === "" ? "got EOF while reading request body" : "unexpected EOF");
  }

  #unexpected(where: string): Error {
    return invalidJson(`invalid character ${quoted(this.#peek())} ${where}`);
  }
}

const isDigit = (char: string) => char >= "0" && char <= "9";

const ESCAPES: Record<string, string> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
  "'": "\\'",
};

/** A byte in single quotes as Go's strconv.Quote writes it. */
function quoted(char: string): string {
  const code = char.charCodeAt(0);
  const isPrintable = (code >= 0x20 && code < 0x7f) || (code > 0xa0 && code !== 0xad);
  const hex = code < 0x80 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u00${code.toString(16)}`;
  return `'${ESCAPES[char] ?? (isPrintable ? char : hex)}'`;
}
