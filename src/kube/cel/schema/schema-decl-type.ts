import { Buffer } from "node:buffer";
import { BOOL, BYTES, DOUBLE, DURATION, DYN, INT, STRING, TIMESTAMP } from "../types/cel-type.ts";
import {
  type CelSchema,
  isEmbeddedResource,
  isIntOrString,
  schemaType,
  valueSchema,
  withTypeAndObjectMeta,
} from "./cel-schema.ts";
import { type DeclType, listDecl, MIN_STRING_SIZE, mapDecl, objectDecl, simpleDecl } from "./decl-type.ts";
import { escapeProperty } from "./escape.ts";

/** The largest request, which bounds what the schema does not. */
export const MAX_REQUEST_BYTES = 3 * 1024 * 1024;
/** Without the quotation marks, or brackets, around it. */
const MAX_CONTENT_BYTES = MAX_REQUEST_BYTES - 2;
const MAX_DURATION_SIZE = 32;
const MIN_DURATION_SIZE = 3;
const DATE_SIZE = 12;
const MIN_DATE_TIME_SIZE = 21;
const MAX_DATE_TIME_SIZE = 32;
const MIN_BOOL_SIZE = 4;
const MIN_NUMBER_SIZE = 1;
const MAX_BYTES_PER_CODE_POINT = 4;

/**
 * The type of what a schema describes, or undefined where expressions cannot see it (nothing is said of its type).
 * `resource-root`: kind, apiVersion and metadata's names are there even where the schema does not mention them.
 */
export function schemaDeclType(
  schema: CelSchema,
  position: "resource-root" | "inner" = "inner",
): DeclType | undefined {
  if (isIntOrString(schema)) return simpleDecl(DYN, 1, textLimit(schema, MAX_CONTENT_BYTES));
  const described = position === "resource-root" ? withTypeAndObjectMeta(schema) : schema;
  switch (schemaType(described)) {
    case "array":
      return arrayDecl(described);
    case "object":
      return valueSchema(described) === undefined ? propertiesDecl(described) : valuesDecl(described);
    case "string":
      return stringDecl(described);
    case "boolean":
      return simpleDecl(BOOL, MIN_BOOL_SIZE);
    case "number":
      return simpleDecl(DOUBLE, MIN_NUMBER_SIZE);
    case "integer":
      return simpleDecl(INT, MIN_NUMBER_SIZE);
  }
  return undefined;
}

function nestedDecl(schema: CelSchema): DeclType | undefined {
  return schemaDeclType(schema, isEmbeddedResource(schema) ? "resource-root" : "inner");
}

const atLeastZero = (value: number) => Math.max(0, value);

function arrayDecl({ items, maxItems }: CelSchema): DeclType | undefined {
  const element = items && nestedDecl(items);
  if (element === undefined) return undefined;
  const estimated = Math.floor(MAX_CONTENT_BYTES / (element.minSerializedSize + 1));
  return listDecl(element, maxItems === undefined ? estimated : atLeastZero(maxItems));
}

function valuesDecl(schema: CelSchema): DeclType | undefined {
  const element = nestedDecl(valueSchema(schema)!);
  if (element === undefined) return undefined;
  // Key, quotation marks, colon and comma take six bytes at least.
  const estimated = Math.floor(MAX_CONTENT_BYTES / (element.minSerializedSize + 6));
  const { maxProperties } = schema;
  return mapDecl(element, maxProperties === undefined ? estimated : atLeastZero(maxProperties));
}

function propertiesDecl({ properties = {}, required = [] }: CelSchema): DeclType {
  const fields = new Map<string, DeclType>();
  let minSize = 2;
  for (const [name, property] of Object.entries(properties)) {
    const decl = nestedDecl(property);
    if (decl === undefined) continue;
    const escaped = escapeProperty(name);
    if (escaped !== undefined) fields.set(escaped, decl);
    const isAlwaysWritten = required.includes(name) && (property.default ?? null) === null;
    if (isAlwaysWritten) minSize += Buffer.byteLength(name) + decl.minSerializedSize + 4;
  }
  return objectDecl(fields, minSize);
}

function stringDecl(schema: CelSchema): DeclType {
  switch (schema.format) {
    case "byte": {
      const { maxLength } = schema;
      const limit = maxLength === undefined ? MAX_CONTENT_BYTES : atLeastZero(maxLength);
      return simpleDecl(BYTES, MIN_STRING_SIZE, limit);
    }
    case "duration":
      return simpleDecl(DURATION, MIN_DURATION_SIZE, MAX_DURATION_SIZE);
    case "date":
      return simpleDecl(TIMESTAMP, DATE_SIZE, DATE_SIZE);
    case "date-time":
      return simpleDecl(TIMESTAMP, MIN_DATE_TIME_SIZE, MAX_DATE_TIME_SIZE);
  }
  return simpleDecl(STRING, MIN_STRING_SIZE, textLimit(schema, enumLimit(schema) ?? MAX_CONTENT_BYTES));
}

/** maxLength counts code points, of which each may take four bytes. */
function textLimit({ maxLength }: CelSchema, otherwise: number): number {
  return maxLength === undefined ? otherwise : atLeastZero(maxLength) * MAX_BYTES_PER_CODE_POINT;
}

function enumLimit({ enum: values = [] }: CelSchema): number | undefined {
  if (values.length === 0) return undefined;
  return Math.max(0, ...values.map((value) => (typeof value === "string" ? Buffer.byteLength(value) : 0)));
}

/** How often data of a type could stand in one request: the worst case where nothing bounds the lists around it. */
export function maxCardinality({ minSerializedSize }: DeclType): number {
  return Math.floor(MAX_REQUEST_BYTES / (minSerializedSize + 1));
}
