import { goDurationText } from "../../../formats/index.ts";

/** A list as Go prints it by `%q`: `["node" "server.js"]`. */
export function goQuotedList(words: readonly string[]): string {
  return `[${words.map((word) => goQuoted(word)).join(" ")}]`;
}

/** A text as Go quotes it: what can be read stays, also outside of ASCII. */
export function goQuoted(text: string): string {
  return JSON.stringify(text).replace(/\\u00([01][0-9a-f])|\u007f|\\b|\\f/g, (match, control?: string) => {
    if (control === "07") return "\\a";
    if (control === "0b") return "\\v";
    if (control !== undefined) return `\\x${control}`;
    return match === "\u007f" ? "\\x7f" : match;
  });
}

/** Nanoseconds as Go's Duration prints them. */
export function durationText(nanoseconds: number): string {
  return goDurationText(nanoseconds / 1e6);
}

/** JSON as Go indents it: `<`, `>` and `&` escaped. */
export function goIndentedJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Lines of cells in columns, as Go's tabwriter aligns them with a padding; the last cell of a line is not filled up. */
export function alignedTable(rows: readonly (readonly string[])[], padding: number): string {
  const columns = Math.max(...rows.map((row) => row.length - 1));
  const widths = Array.from(
    { length: columns },
    (_, at) => Math.max(...rows.map((row) => [...(row[at] ?? "")].length)) + padding,
  );
  return rows
    .map(
      (row) => `${row.map((cell, at) => (at === row.length - 1 ? cell : pad(cell, widths[at]!))).join("")}\n`,
    )
    .join("");
}

const pad = (cell: string, width: number) => cell + " ".repeat(Math.max(0, width - [...cell].length));
