import { parseJson } from "./json-integers.ts";
import { setOwn } from "./json-value.ts";

/** How many bytes are parsed at a time: a millisecond's work at the most, whatever they hold. */
const PIECE_BYTES = 8 * 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;

type Container = Record<string, unknown> | unknown[];

/**
 * Parses JSON that is known to be valid, a piece in each step, so that others may have the thread in between. `finish` is given
 * each array and object once all that is in it is finished.
 */
export function* parseJsonInPieces(
  bytes: Buffer,
  finish: (container: object) => void = () => {},
): Generator<void, unknown> {
  return (yield* new PieceParser(bytes, finish).value(0)).value;
}

interface Parsed {
  value: unknown;
  end: number;
}

class PieceParser {
  readonly #bytes: Buffer;
  readonly #finish: (container: object) => void;

  constructor(bytes: Buffer, finish: (container: object) => void) {
    this.#bytes = bytes;
    this.#finish = finish;
  }

  *value(start: number): Generator<void, Parsed> {
    const at = this.#skipSpace(start);
    const end = this.#endOfValue(at, at + PIECE_BYTES);
    if (end === undefined) return yield* this.#container(at);
    const value = parseJson(this.#bytes.toString("utf8", at, end));
    this.#finishAll(value);
    return { value, end };
  }

  /** What is too long for a piece: runs of short members are parsed together, long ones by themselves. */
  *#container(open: number): Generator<void, Parsed> {
    const isArray = this.#bytes[open] === OPEN_BRACKET;
    const out: Container = isArray ? [] : {};
    const close = isArray ? 0x5d : 0x7d;
    let at = this.#skipSpace(open + 1);
    let runStart = at;
    while (this.#bytes[at] !== close) {
      const memberStart = at;
      const valueStart = isArray ? at : this.#afterKey(at);
      const end = this.#endOfValue(valueStart, valueStart + PIECE_BYTES);
      if (end === undefined) {
        this.#addRun(out, runStart, memberStart);
        const key = isArray ? undefined : this.#keyAt(memberStart);
        const { value, end: longEnd } = yield* this.value(valueStart);
        add(out, key, value);
        at = this.#next(longEnd);
        runStart = at;
      } else {
        at = this.#next(end);
        if (at - runStart < PIECE_BYTES) continue;
        this.#addRun(out, runStart, at);
        runStart = at;
      }
      yield;
    }
    this.#addRun(out, runStart, at);
    this.#finish(out);
    return { value: out, end: at + 1 };
  }

  /** Members that stand from `start` up to `end`, where another one or the end of the container follows. */
  #addRun(out: Container, start: number, end: number): void {
    let stop = this.#backOverSpace(end);
    if (stop <= start) return;
    if (this.#bytes[stop - 1] === COMMA) stop--;
    const text = this.#bytes.toString("utf8", start, stop);
    const run = parseJson(Array.isArray(out) ? `[${text}]` : `{${text}}`) as Container;
    if (Array.isArray(run)) {
      for (const value of run) add(out, undefined, this.#finishAll(value));
    } else {
      for (const key of Object.keys(run)) add(out, key, this.#finishAll(run[key]));
    }
  }

  #finishAll(value: unknown): unknown {
    if (typeof value !== "object" || value === null) return value;
    for (const inner of Object.values(value)) this.#finishAll(inner);
    this.#finish(value);
    return value;
  }

  #keyAt(at: number): string {
    return JSON.parse(this.#bytes.toString("utf8", at, this.#endOfString(at))) as string;
  }

  #afterKey(at: number): number {
    const colon = this.#skipSpace(this.#endOfString(at));
    if (this.#bytes[colon] !== COLON) throw new SyntaxError("a colon was expected");
    return this.#skipSpace(colon + 1);
  }

  /** Where the next member or the container's end stands. */
  #next(at: number): number {
    const next = this.#skipSpace(at);
    return this.#bytes[next] === COMMA ? this.#skipSpace(next + 1) : next;
  }

  /** Behind the value; undefined where it is an array or object that goes beyond `limit`. */
  #endOfValue(at: number, limit: number): number | undefined {
    const first = this.#bytes[at];
    if (first === QUOTE) return this.#endOfString(at);
    if (first !== OPEN_BRACE && first !== OPEN_BRACKET) return this.#endOfScalar(at);
    let depth = 0;
    for (let index = at; index < this.#bytes.length; index++) {
      const byte = this.#bytes[index]!;
      if (byte === QUOTE) index = this.#endOfString(index) - 1;
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
      else if ((byte === 0x7d || byte === 0x5d) && --depth === 0) return index + 1;
      if (index >= limit) return undefined;
    }
    throw new SyntaxError("the end of a value was expected");
  }

  #endOfScalar(at: number): number {
    let end = at;
    while (end < this.#bytes.length && !endsScalar(this.#bytes[end]!)) end++;
    if (end === at) throw new SyntaxError("a value was expected");
    return end;
  }

  #endOfString(start: number): number {
    for (
      let end = this.#bytes.indexOf(QUOTE, start + 1);
      end >= 0;
      end = this.#bytes.indexOf(QUOTE, end + 1)
    ) {
      let slashes = 0;
      while (this.#bytes[end - 1 - slashes] === BACKSLASH) slashes++;
      if (slashes % 2 === 0) return end + 1;
    }
    throw new SyntaxError("the end of a string was expected");
  }

  #skipSpace(start: number): number {
    let at = start;
    while (isSpace(this.#bytes[at])) at++;
    return at;
  }

  #backOverSpace(start: number): number {
    let at = start;
    while (at > 0 && isSpace(this.#bytes[at - 1])) at--;
    return at;
  }
}

function endsScalar(byte: number): boolean {
  return byte === COMMA || byte === 0x7d || byte === 0x5d || isSpace(byte);
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function add(out: Container, key: string | undefined, value: unknown): void {
  if (Array.isArray(out)) out.push(value);
  else setOwn(out, key!, value);
}
