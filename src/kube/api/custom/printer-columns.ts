import { isGantryError } from "../../../base/index.ts";
import { compileJsonPath, isJsonNumber, type JsonPath } from "../../../formats/index.ts";
import { nameColumn } from "../columns.ts";
import type { CustomResourceColumnDefinition } from "../generated/types.ts";
import { goFloat, goJson, isInt64 } from "../go-print.ts";
import { ageOf } from "../meta/age.ts";
import { parseTimeParts } from "../meta/time.ts";
import type { KubeObject, TableColumn } from "../types.ts";

const AGE: CustomResourceColumnDefinition = {
  name: "Age",
  type: "date",
  jsonPath: ".metadata.creationTimestamp",
};

/** The columns of a version: the name, and those that it asks for, or the age. What follows a path that cannot be read is left out. */
export function printerColumns(columns: readonly CustomResourceColumnDefinition[] = []): TableColumn[] {
  const out = [nameColumn];
  if (columns.length === 0) return [...out, printerColumn(AGE, compileJsonPath(AGE.jsonPath), undefined)];
  for (const column of columns) {
    const path = readPath(column.jsonPath);
    if (path === undefined) break;
    const { jsonPath } = column;
    const described = `Custom resource definition column (in JSONPath format): ${jsonPath}`;
    out.push(printerColumn(column, path, column.description || described));
  }
  return out;
}

function readPath(jsonPath: string): JsonPath | undefined {
  try {
    return compileJsonPath(`{${jsonPath}}`);
  } catch (error) {
    if (isGantryError(error, "InvalidArgument")) return undefined;
    throw error;
  }
}

function printerColumn(
  { name, type, format, priority }: CustomResourceColumnDefinition,
  path: JsonPath,
  description: string | undefined,
): TableColumn {
  return {
    name,
    type: type as TableColumn["type"],
    ...(format ? { format } : {}),
    ...(description ? { description } : {}),
    ...(priority ? { priority } : {}),
    cell: (object: KubeObject, { nowMs }) => {
      const [value] = path.select(object);
      return value === undefined ? null : cellOf(type, value, nowMs);
    },
  };
}

/** What is not of the column's type shows nothing. */
function cellOf(type: string, value: unknown, nowMs: number): string | number | bigint | boolean | null {
  switch (type) {
    case "string":
      return printed(value);
    case "integer":
      if (typeof value === "bigint") return value;
      return typeof value === "number" ? Math.trunc(value) : null;
    case "number":
      return isJsonNumber(value) ? Number(value) : null;
    case "boolean":
      return typeof value === "boolean" ? value : null;
    default:
      return typeof value === "string" ? dateCell(value, nowMs) : null;
  }
}

/** As JSONPath prints it: lists and maps as JSON, all else as it is. */
function printed(value: unknown): string {
  if (value === null) return "<no value>";
  if (typeof value === "object") return goJson(value);
  if (isJsonNumber(value)) return isInt64(value) ? String(value) : goFloat(Number(value));
  return String(value);
}

function dateCell(text: string, nowMs: number): string {
  if (text === "" || text === "null") return "<unknown>";
  try {
    parseTimeParts(text);
  } catch {
    return "<invalid>";
  }
  return ageOf(text, nowMs);
}
