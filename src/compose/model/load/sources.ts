import { placeKey } from "../yaml/index.ts";

/** Remembers on which line of which file things stand, so that messages can say it. */
export class Sources {
  readonly #documents: { file: string; lines: ReadonlyMap<string, number> }[] = [];

  add(file: string, lines: ReadonlyMap<string, number>): void {
    this.#documents.push({ file, lines });
  }

  /** `file:line` of a place, or of what is nearest around it; the file that was read last where no file has it. */
  locate(path: readonly string[], file: string): string {
    for (let length = path.length; length > 0; length--) {
      const key = placeKey(path.slice(0, length));
      // The last that said something is the one whose word counts.
      const found = this.#documents.findLast(({ lines }) => lines.has(key));
      if (found) return `${found.file}:${found.lines.get(key)}`;
    }
    return file;
  }
}
