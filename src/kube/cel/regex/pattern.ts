/** Whether a code point belongs to a class. */
export type CharTest = (codePoint: number) => boolean;

export type Assertion =
  | "text-start"
  | "text-end"
  | "line-start"
  | "line-end"
  | "word-boundary"
  | "no-word-boundary";

/** A pattern of RE2's syntax, parsed. Groups say nothing here: only whole matches are asked for. */
export type Pattern =
  | { kind: "empty" }
  | { kind: "char"; test: CharTest }
  | { kind: "assert"; assertion: Assertion }
  | { kind: "sequence"; parts: Pattern[] }
  | { kind: "choice"; options: Pattern[] }
  | { kind: "repeat"; body: Pattern; min: number; max: number; isGreedy: boolean };

/** A pattern that Go's regexp refuses, in its words. */
export class PatternError extends Error {
  constructor(code: string, expression: string) {
    super(`error parsing regexp: ${code}: \`${expression}\``);
  }
}
