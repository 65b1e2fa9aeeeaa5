/** A place in the text: line from 1, column from 0, both in code points. */
export interface Location {
  line: number;
  column: number;
}

/** What is reported where no place in the text is to blame. */
export const NO_LOCATION: Location = { line: -1, column: -1 };

/** The text of an expression; offsets count code points, as cel-go's do. */
export class Source {
  readonly characters: readonly string[];
  readonly #lineStarts: number[] = [0];

  constructor(text: string) {
    this.characters = Array.from(text);
    for (const [at, character] of this.characters.entries())
      if (character === "\n") this.#lineStarts.push(at + 1);
  }

  locationOf(offset: number): Location {
    let line = this.#lineStarts.length;
    while (line > 1 && this.#lineStarts[line - 1]! > offset) line--;
    return { line, column: offset - this.#lineStarts[line - 1]! };
  }

  /** The text of a line (from 1) without its end, or undefined where there is no such line. */
  line(line: number): string | undefined {
    const start = this.#lineStarts[line - 1];
    if (start === undefined) return undefined;
    const next = this.#lineStarts[line];
    return this.characters.slice(start, next === undefined ? undefined : next - 1).join("");
  }
}
