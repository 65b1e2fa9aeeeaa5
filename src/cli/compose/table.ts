/** Columns three spaces apart, each at least so wide, under headings (Go's text/tabwriter as the docker CLI uses it). */
export function formatTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  minWidth = DOCKER_WIDTH,
): string {
  const all = [headings, ...rows];
  const widths = headings.map((_, column) =>
    Math.max(minWidth, ...all.map((row) => [...(row[column] ?? "")].length + PADDING)),
  );
  return all
    .map((row) => {
      const cells = row.map((cell, column) =>
        column === row.length - 1 ? cell : cell + " ".repeat(widths[column]! - [...cell].length),
      );
      return `${cells.join("")}\n`;
    })
    .join("");
}

const PADDING = 3;
const DOCKER_WIDTH = 10;
/** Of the lists that only Compose has. */
export const COMPOSE_WIDTH = 20;
