import { invalidArgument } from "../../base/index.ts";

/** What a template may ask of one row. */
export type Row = Readonly<Record<string, unknown>>;

/**
 * Rows as `--format` wants them: `table` (with headings), `table TEMPLATE`, `json` or a Go template of which the plain forms are
 * known: `{{.Field}}`, `{{json .}}`, `{{json .Field}}`, `{{.Label "name"}}`.
 */
export function formatRows(
  format: string,
  rows: readonly Row[],
  table: { headings: Readonly<Record<string, string>>; default: string },
  draw: (headings: string[], cells: string[][]) => string,
): string {
  if (format === "json") return rows.map((row) => `${escaped(JSON.stringify(jsonRow(row)))}\n`).join("");
  const isTable = format === "" || format === "table" || format.startsWith("table ");
  const template = !isTable
    ? format
    : format.startsWith("table ")
      ? format.slice("table ".length)
      : table.default;
  const unescaped = template.replaceAll("\\t", "\t").replaceAll("\\n", "\n");
  if (!isTable) return rows.map((row) => `${fill(unescaped, row)}\n`).join("");
  const columns = unescaped.split("\t");
  const headings = columns.map((column) =>
    column.replace(
      /\{\{\s*\.(\w+)[^}]*\}\}/g,
      (_, name: string) => table.headings[name] ?? name.toUpperCase(),
    ),
  );
  return draw(
    headings,
    rows.map((row) => columns.map((column) => fill(column, row))),
  );
}

/** Functions of a row are for templates only. */
const jsonRow = (row: Row) =>
  Object.fromEntries(Object.entries(row).filter(([, value]) => typeof value !== "function"));

/** As Go writes it. */
const escaped = (json: string) =>
  json.replace(/[<>&]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);

function fill(template: string, row: Row): string {
  return template.replace(/\{\{\s*(.*?)\s*\}\}/g, (whole, expression: string) => {
    const json = /^json\s+\.(\w*)$/.exec(expression);
    if (json) return escaped(JSON.stringify(json[1] === "" ? jsonRow(row) : row[json[1]!]));
    const field = /^\.(\w+)(?:\s+"([^"]*)")?$/.exec(expression);
    if (!field || !(field[1]! in row)) {
      throw invalidArgument(`template parsing error: cannot evaluate ${whole}`);
    }
    const value = row[field[1]!];
    return String(typeof value === "function" ? value(field[2] ?? "") : (value ?? ""));
  });
}
