import { Buffer } from "node:buffer";
import { type Location, NO_LOCATION, type Source } from "./source.ts";

/** What is wrong with an expression. */
export interface CelIssue {
  message: string;
  location: Location;
}

/** More than this is counted and not shown. */
const MAX_SHOWN = 100;
const MAX_SNIPPET_BYTES = 16_384;

/** The issues found in one expression, in the order in which they were found. */
export class IssueList {
  readonly #source: Source;
  readonly #issues: CelIssue[] = [];
  #count = 0;

  constructor(source: Source) {
    this.#source = source;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  get issues(): readonly CelIssue[] {
    return this.#issues;
  }

  report(offset: number | undefined, message: string): void {
    this.#count++;
    if (this.#issues.length === MAX_SHOWN) return;
    const location = offset === undefined ? NO_LOCATION : this.#source.locationOf(offset);
    this.#issues.push({ message, location });
  }

  /** All issues in cel-go's words: a line with the place and the message, the line of source, and a caret below it. */
  toString(): string {
    const inOrder = this.#issues.toSorted(
      (a, b) => a.location.line - b.location.line || a.location.column - b.location.column,
    );
    const lines = inOrder.map((issue) => this.#display(issue));
    if (this.#count > MAX_SHOWN) lines.push(`${this.#count - MAX_SHOWN} more errors were truncated`);
    return lines.join("\n");
  }

  #display({ message, location }: CelIssue): string {
    const first = `ERROR: <input>:${location.line}:${location.column + 1}: ${message}`;
    const snippet = this.#source.line(location.line);
    if (snippet === undefined || Buffer.byteLength(snippet) > MAX_SNIPPET_BYTES) return first;
    return `${first}\n | ${snippet.replaceAll("\t", " ")}\n | ${pointer(snippet, location.column)}`;
  }
}

/** Dots up to the column, then a caret; wide ones below what is not ASCII. */
function pointer(snippet: string, column: number): string {
  const characters = Array.from(snippet);
  const isWide = (at: number) => (characters[at]?.codePointAt(0) ?? 0) > 0x7f;
  const dots = characters.slice(0, column).map((_, at) => (isWide(at) ? "\uff0e" : "."));
  return dots.join("") + (isWide(column) ? "\uff3e" : "^");
}
