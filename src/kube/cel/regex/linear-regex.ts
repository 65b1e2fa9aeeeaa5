import { WORD } from "./char-class.ts";
import { parsePattern } from "./parse-pattern.ts";
import type { Assertion, CharTest, Pattern } from "./pattern.ts";

type Instruction =
  | { op: "char"; test: CharTest; next: number }
  | { op: "assert"; assertion: Assertion; next: number }
  | { op: "split"; first: number; second: number }
  | { op: "match" };

/** Where a match stands, in code points. */
export interface Match {
  start: number;
  end: number;
}

/**
 * A pattern of RE2's syntax whose search takes time linear in the text, whatever the pattern: all ways through it are
 * followed at once (Thompson's construction, Pike's machine). JavaScript's own engine tries them one after the other,
 * which patterns of users could make last for ever. Matches are leftmost, and among those the first by preference.
 */
export class LinearRegex {
  readonly #program: Instruction[] = [];
  readonly #start: number;

  /** Throws PatternError in Go's words. */
  constructor(pattern: string) {
    const match = this.#emit({ op: "match" });
    this.#start = this.#compile(parsePattern(pattern), match);
  }

  test(text: string): boolean {
    return this.#search(codePoints(text), 0, "any") !== undefined;
  }

  /** The leftmost match, as text; "" where there is none. */
  find(text: string): string {
    const codes = codePoints(text);
    const match = this.#search(codes, 0, "leftmost");
    return match === undefined ? "" : textOf(codes, match);
  }

  /** All matches that do not overlap, at most `limit`; all where that is negative. */
  findAll(text: string, limit: number): string[] {
    const codes = codePoints(text);
    const found: string[] = [];
    let from = 0;
    let previousEnd = -1;
    while (from <= codes.length && found.length !== limit) {
      const match = this.#search(codes, from, "leftmost");
      if (match === undefined) break;
      // An empty match right behind another is none.
      if (match.end > match.start || match.start !== previousEnd) found.push(textOf(codes, match));
      previousEnd = match.end;
      from = match.end > from ? match.end : from + 1;
    }
    return found;
  }

  #emit(instruction: Instruction): number {
    return this.#program.push(instruction) - 1;
  }

  /** Instructions that go on at `next` once the pattern has matched; answers where they begin. */
  #compile(pattern: Pattern, next: number): number {
    switch (pattern.kind) {
      case "empty":
        return next;
      case "char":
        return this.#emit({ op: "char", test: pattern.test, next });
      case "assert":
        return this.#emit({ op: "assert", assertion: pattern.assertion, next });
      case "sequence":
        return pattern.parts.reduceRight((after, part) => this.#compile(part, after), next);
      case "choice":
        return pattern.options
          .map((option) => this.#compile(option, next))
          .reduceRight((second, first) => this.#emit({ op: "split", first, second }));
      case "repeat":
        return this.#compileRepeat(pattern, next);
    }
  }

  #compileRepeat({ body, min, max, isGreedy }: Extract<Pattern, { kind: "repeat" }>, next: number): number {
    let start = next;
    if (max === Infinity) start = this.#compileStar(body, isGreedy, next);
    else {
      for (let count = min; count < max; count++)
        start = this.#split(this.#compile(body, start), next, isGreedy);
    }
    for (let count = 0; count < min; count++) start = this.#compile(body, start);
    return start;
  }

  #split(body: number, after: number, isGreedy: boolean): number {
    const [first, second] = isGreedy ? [body, after] : [after, body];
    return this.#emit({ op: "split", first, second });
  }

  #compileStar(body: Pattern, isGreedy: boolean, next: number): number {
    const loop = this.#emit({ op: "split", first: next, second: next });
    const start = this.#compile(body, loop);
    const [first, second] = isGreedy ? [start, next] : [next, start];
    this.#program[loop] = { op: "split", first, second };
    return loop;
  }

  /** `any`: whether there is one; its bounds then say nothing. */
  #search(codes: readonly number[], from: number, wanted: "any" | "leftmost"): Match | undefined {
    let threads = new ThreadList(this.#program.length);
    let following = new ThreadList(this.#program.length);
    let found: Match | undefined;
    for (let at = from; at <= codes.length; at++) {
      if (found === undefined) this.#follow(threads, this.#start, at, codes, at);
      if (threads.size === 0) break;
      for (let index = 0; index < threads.size; index++) {
        const instruction = this.#program[threads.instructionAt(index)]!;
        const start = threads.startAt(index);
        if (instruction.op === "match") {
          found = { start, end: at };
          if (wanted === "any") return found;
          break;
        }
        if (instruction.op === "char" && at < codes.length && instruction.test(codes[at]!))
          this.#follow(following, instruction.next, start, codes, at + 1);
      }
      [threads, following] = [following, threads];
      following.clear();
    }
    return found;
  }

  /** Adds all places that are reached without reading, the preferred ones first. */
  #follow(threads: ThreadList, first: number, start: number, codes: readonly number[], at: number): void {
    const pending = [first];
    while (pending.length > 0) {
      const place = pending.pop()!;
      if (!threads.add(place, start)) continue;
      const instruction = this.#program[place]!;
      if (instruction.op === "split") pending.push(instruction.second, instruction.first);
      else if (instruction.op === "assert" && holds(instruction.assertion, codes, at))
        pending.push(instruction.next);
    }
  }
}

/** Places in a program in order of preference, each once. */
class ThreadList {
  readonly #seenIn: Uint32Array;
  readonly #instructions: number[] = [];
  readonly #starts: number[] = [];
  #generation = 1;

  constructor(size: number) {
    this.#seenIn = new Uint32Array(size);
  }

  get size(): number {
    return this.#instructions.length;
  }

  instructionAt(index: number): number {
    return this.#instructions[index]!;
  }

  startAt(index: number): number {
    return this.#starts[index]!;
  }

  add(instruction: number, start: number): boolean {
    if (this.#seenIn[instruction] === this.#generation) return false;
    this.#seenIn[instruction] = this.#generation;
    this.#instructions.push(instruction);
    this.#starts.push(start);
    return true;
  }

  clear(): void {
    this.#generation++;
    this.#instructions.length = 0;
    this.#starts.length = 0;
  }
}

function holds(assertion: Assertion, codes: readonly number[], at: number): boolean {
  switch (assertion) {
    case "text-start":
      return at === 0;
    case "text-end":
      return at === codes.length;
    case "line-start":
      return at === 0 || codes[at - 1] === 0x0a;
    case "line-end":
      return at === codes.length || codes[at] === 0x0a;
    default: {
      const isBoundary = isWordAt(codes, at - 1) !== isWordAt(codes, at);
      return isBoundary === (assertion === "word-boundary");
    }
  }
}

function isWordAt(codes: readonly number[], at: number): boolean {
  return at >= 0 && at < codes.length && WORD(codes[at]!);
}

function codePoints(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0)!);
}

function textOf(codes: readonly number[], { start, end }: Match): string {
  return codes
    .slice(start, end)
    .map((code) => String.fromCodePoint(code))
    .join("");
}
