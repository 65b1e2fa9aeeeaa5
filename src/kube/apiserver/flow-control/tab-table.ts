const MIN_WIDTH = 8;
const PADDING = 1;

/** Rows under each other as Go's text/tabwriter sets `a,\tb`: each column as wide as its widest cell, the last one as it is. */
export function tabTable(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map((cell, at) => (at < row.length - 1 ? `${cell},` : cell)));
  const widths: number[] = [];
  for (const row of cells) {
    for (const [at, cell] of row.entries()) {
      widths[at] = Math.max(widths[at] ?? MIN_WIDTH, [...cell].length + PADDING);
    }
  }
  return cells.map((row) => `${row.map((cell, at) => set(cell, at, row, widths)).join("")}\n`).join("");
}

function set(cell: string, at: number, row: readonly string[], widths: readonly number[]): string {
  return at === row.length - 1 ? cell : cell + " ".repeat(widths[at]! - [...cell].length);
}
