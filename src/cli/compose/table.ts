/** Columns three spaces apart, under headings (Go's text/tabwriter as docker uses it). */
export function formatTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [headings, ...rows];
  const widths = headings.map((_, column) => Math.max(...all.map((row) => [...(row[column] ?? "")].length)));
  return all
    .map((row) => {
      const cells = row.map((cell, column) =>
        column === row.length - 1 ? cell : cell + " ".repeat(widths[column]! - [...cell].length + 3),
      );
      return `${cells.join("")}\n`;
    })
    .join("");
}
