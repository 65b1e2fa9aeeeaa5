/** Where a text is no CSV, in the words of Go's encoding/csv. */
export class CsvError extends Error {}

/**
 * The records of a comma-separated text (RFC 4180) as Go's encoding/csv reads them: empty lines are none, a field in quotes
 * may have commas, line breaks and doubled quotes, and quotes stand nowhere else. Throws CsvError.
 */
export function parseCsv(text: string): string[][] {
  const reader = new CsvReader(text.replaceAll("\r\n", "\n"));
  const records: string[][] = [];
  for (let record = reader.next(); record; record = reader.next()) records.push(record);
  return records;
}

class CsvReader {
  readonly #text: string;
  #at = 0;
  #line = 1;

  constructor(text: string) {
    this.#text = text;
  }

  next(): string[] | undefined {
    while (this.#text[this.#at] === "\n") this.#newLine();
    if (this.#at >= this.#text.length) return undefined;
    const recordLine = this.#line;
    const fields: string[] = [];
    for (;;) {
      fields.push(this.#text[this.#at] === '"' ? this.#quoted(recordLine) : this.#bare(recordLine));
      const next = this.#text[this.#at];
      if (next === "\n") this.#newLine();
      else this.#at++;
      if (next !== ",") return fields;
    }
  }

  #bare(recordLine: number): string {
    const start = this.#at;
    while (this.#at < this.#text.length && !",\n".includes(this.#text[this.#at]!)) {
      if (this.#text[this.#at] === '"') throw this.#error(recordLine, 'bare " in non-quoted-field');
      this.#at++;
    }
    return this.#text.slice(start, this.#at);
  }

  #quoted(recordLine: number): string {
    let value = "";
    for (this.#at++; ; ) {
      const end = this.#text.indexOf('"', this.#at);
      if (end < 0) {
        this.#pass(this.#text.length);
        throw this.#error(recordLine, 'extraneous or missing " in quoted-field');
      }
      value += this.#pass(end);
      this.#at++;
      const next = this.#text[this.#at];
      if (next === undefined || next === "," || next === "\n") return value;
      if (next !== '"') throw this.#error(recordLine, 'extraneous or missing " in quoted-field', -1);
      value += next;
      this.#at++;
    }
  }

  #pass(end: number): string {
    const passed = this.#text.slice(this.#at, end);
    this.#line += passed.split("\n").length - 1;
    this.#at = end;
    return passed;
  }

  #newLine(): void {
    this.#at++;
    this.#line++;
  }

  /** Columns are counted in bytes. */
  #error(recordLine: number, what: string, by = 0): CsvError {
    const lineStart = this.#text.lastIndexOf("\n", this.#at - 1) + 1;
    const column = Buffer.byteLength(this.#text.slice(lineStart, this.#at + by)) + 1;
    const record = recordLine === this.#line ? "" : `record on line ${recordLine}; `;
    return new CsvError(`${record}parse error on line ${this.#line}, column ${column}: ${what}`);
  }
}
