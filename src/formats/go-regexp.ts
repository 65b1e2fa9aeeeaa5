import type { CharTest } from "./go-regexp-class.ts";
import { isWordChar } from "./go-regexp-class.ts";
import { type Assertion, type Node, parseGoRegexp } from "./go-regexp-syntax.ts";

/**
 * A pattern in Go's (RE2's) syntax. It is matched by following all its states at once, so that the time is at most the
 * length of the text times the size of the pattern, whatever both are.
 */
export interface GoRegexp {
  readonly pattern: string;
  /** Whether it matches somewhere in the text. */
  test(text: string): boolean;
  /** The leftmost match at or after `from`, as offsets into the text; of several, the one that Perl would find. */
  find(text: string, from?: number): [start: number, end: number] | undefined;
}

type Instruction =
  | { op: "char"; test: CharTest }
  | { op: "assert"; assertion: Assertion }
  | { op: "split"; first: number; second: number }
  | { op: "jump"; to: number }
  | { op: "match" };

/** Compiles a pattern. Throws InvalidArgument with the message of Go's regexp.Compile. */
export function compileGoRegexp(pattern: string): GoRegexp {
  const program: Instruction[] = [];
  emit(parseGoRegexp(pattern), program);
  program.push({ op: "match" });
  return {
    pattern,
    test: (text) => run(program, text, 0, "any") !== undefined,
    find: (text, from = 0) => run(program, text, from, "leftmost"),
  };
}

function emit(node: Node, program: Instruction[]): void {
  switch (node.kind) {
    case "char":
      program.push({ op: "char", test: node.test });
      break;
    case "assert":
      program.push({ op: "assert", assertion: node.assertion });
      break;
    case "concat":
      for (const part of node.parts) emit(part, program);
      break;
    case "alternate":
      emitAlternate(node.parts, program);
      break;
    case "repeat":
      for (let count = 0; count < node.min; count++) emit(node.part, program);
      if (node.max === Number.POSITIVE_INFINITY) emitLoop(node.part, node.isLazy, program);
      else emitOptional(node.part, node.max - node.min, node.isLazy, program);
  }
}

function emitAlternate(parts: readonly Node[], program: Instruction[]): void {
  const ends: { op: "jump"; to: number }[] = [];
  parts.forEach((part, index) => {
    if (index === parts.length - 1) {
      emit(part, program);
      return;
    }
    const split = { op: "split" as const, first: program.length + 1, second: 0 };
    program.push(split);
    emit(part, program);
    const end = { op: "jump" as const, to: 0 };
    program.push(end);
    ends.push(end);
    split.second = program.length;
  });
  for (const end of ends) end.to = program.length;
}

const split = (inside: number, outside: number, isLazy: boolean): Instruction =>
  isLazy ? { op: "split", first: outside, second: inside } : { op: "split", first: inside, second: outside };

function emitLoop(part: Node, isLazy: boolean, program: Instruction[]): void {
  const start = program.length;
  program.push({ op: "match" });
  emit(part, program);
  program.push({ op: "jump", to: start });
  program[start] = split(start + 1, program.length, isLazy);
}

function emitOptional(part: Node, count: number, isLazy: boolean, program: Instruction[]): void {
  const starts: number[] = [];
  for (let done = 0; done < count; done++) {
    starts.push(program.length);
    program.push({ op: "match" });
    emit(part, program);
  }
  for (const start of starts) program[start] = split(start + 1, program.length, isLazy);
}

/** The states that the text may be in, the ones that Perl would try first before the others. */
class States {
  readonly order: number[] = [];
  readonly starts: number[] = [];
  readonly #marks: Uint32Array;
  #mark = 0;

  constructor(size: number) {
    this.#marks = new Uint32Array(size);
  }

  clear(): void {
    this.order.length = 0;
    this.starts.length = 0;
    this.#mark++;
  }

  /** Adds the states that are reached without a character. */
  add(program: readonly Instruction[], from: number, start: number, before: number, after: number): void {
    const pending = [from];
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      if (this.#marks[at] === this.#mark) continue;
      this.#marks[at] = this.#mark;
      const instruction = program[at]!;
      if (instruction.op === "jump") pending.push(instruction.to);
      else if (instruction.op === "split") pending.push(instruction.second, instruction.first);
      else if (instruction.op === "assert") {
        if (holds(instruction.assertion, before, after)) pending.push(at + 1);
      } else {
        this.order.push(at);
        this.starts.push(start);
      }
    }
  }
}

/** Beyond the ends of the text. */
const NONE = -1;

function holds(assertion: Assertion, before: number, after: number): boolean {
  switch (assertion) {
    case "textStart":
      return before === NONE;
    case "textEnd":
      return after === NONE;
    case "lineStart":
      return before === NONE || before === 0x0a;
    case "lineEnd":
      return after === NONE || after === 0x0a;
    default: {
      const isBoundary = isWord(before) !== isWord(after);
      return isBoundary === (assertion === "wordBoundary");
    }
  }
}

const isWord = (codePoint: number) => codePoint !== NONE && isWordChar(codePoint);
const codePointAt = (text: string, at: number) => text.codePointAt(at) ?? NONE;

function run(
  program: readonly Instruction[],
  text: string,
  from: number,
  wanted: "any" | "leftmost",
): [number, number] | undefined {
  let current = new States(program.length);
  let next = new States(program.length);
  let found: [number, number] | undefined;
  let before = from === 0 ? NONE : text.charCodeAt(from - 1);
  current.clear();
  for (let at = from; ; ) {
    const char = codePointAt(text, at);
    if (found === undefined) current.add(program, 0, at, before, char);
    if (current.order.length === 0 && found !== undefined) return found;
    const end = char === NONE ? at : at + (char > 0xffff ? 2 : 1);
    const after = char === NONE ? NONE : codePointAt(text, end);
    next.clear();
    for (let index = 0; index < current.order.length; index++) {
      const state = current.order[index]!;
      const instruction = program[state]!;
      if (instruction.op === "match") {
        found = [current.starts[index]!, at];
        if (wanted === "any") return found;
        // What follows would be tried after this one only.
        break;
      }
      if (char !== NONE && instruction.op === "char" && instruction.test(char))
        next.add(program, state + 1, current.starts[index]!, char, after);
    }
    if (char === NONE) return found;
    [current, next] = [next, current];
    before = char;
    at = end;
  }
}
