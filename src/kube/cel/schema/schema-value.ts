import { Buffer } from "node:buffer";
import { isJsonNumber, parseGoDurationExactly } from "../../../formats/index.ts";
import { CelError } from "../values/cel-error.ts";
import { CelDuration, CelTimestamp, parseRfc3339 } from "../values/time.ts";
import { CelUnknownData, type Result } from "../values/value.ts";
import {
  type CelSchema,
  isEmbeddedResource,
  isIntOrString,
  schemaType,
  withTypeAndObjectMeta,
} from "./cel-schema.ts";
import { goJsonTypeName } from "./go-json-type.ts";
import { parseLooseDuration } from "./loose-duration.ts";
import { SchemaList, SchemaMapList, SchemaSetList } from "./schema-list.ts";
import { SchemaMap } from "./schema-map.ts";

/** JSON data as its schema has it: a whole number where it says number is a double, text in a format a timestamp, and so on. */
export function schemaValue(data: unknown, schema: CelSchema): Result {
  if (data === null || data === undefined)
    return schema.nullable === true
      ? null
      : new CelError("invalid data, got null for schema with nullable=false");
  if (isIntOrString(schema)) return intOrString(data);
  switch (schemaType(schema)) {
    case "object":
      return objectValue(data, schema);
    case "array":
      return arrayValue(data, schema);
    case "string":
      return typeof data === "string" ? formattedValue(data, schema.format) : invalid("string", data);
    case "number":
      return isJsonNumber(data) ? Number(data) : invalid("float", data);
    case "integer":
      if (typeof data === "bigint") return data;
      return typeof data === "number" && Number.isInteger(data) ? BigInt(data) : invalid("int", data);
    case "boolean":
      return typeof data === "boolean" ? data : invalid("bool", data);
  }
  if (schema["x-kubernetes-preserve-unknown-fields"] === true) return new CelUnknownData(data);
  return new CelError(
    `invalid type, expected object, array, number, integer, boolean or string, or no type with x-kubernetes-int-or-string or x-kubernetes-preserve-unknown-fields is true, got ${schemaType(schema)}`,
  );
}

function invalid(expected: string, data: unknown): CelError {
  return new CelError(`invalid data, expected ${expected}, got ${goJsonTypeName(data)}`);
}

function intOrString(data: unknown): Result {
  if (typeof data === "string") return data;
  if (typeof data === "bigint") return data;
  if (typeof data === "number" && Number.isInteger(data)) return BigInt(data);
  return new CelError("invalid data, expected XIntOrString value to be either a string or integer");
}

function objectValue(data: unknown, schema: CelSchema): Result {
  if (typeof data !== "object" || data === null || Array.isArray(data))
    return new CelError("invalid data, expected a map for the provided schema with type=object");
  const described = isEmbeddedResource(schema) ? withTypeAndObjectMeta(schema) : schema;
  return new SchemaMap(data as Record<string, unknown>, described, schemaValue);
}

function arrayValue(data: unknown, schema: CelSchema): Result {
  if (!Array.isArray(data))
    return new CelError("invalid data, expected an array for the provided schema with type=array");
  if (schema.items === undefined)
    return new CelError("invalid array type, expected Items with a non-empty Schema");
  switch (schema["x-kubernetes-list-type"]) {
    case "map":
      return new SchemaMapList(data, schema.items, schemaValue, schema["x-kubernetes-list-map-keys"] ?? []);
    case "set":
      return new SchemaSetList(data, schema.items, schemaValue);
    case "atomic":
    case "":
    case undefined:
      return new SchemaList(data, schema.items, schemaValue);
  }
  const listType = schema["x-kubernetes-list-type"];
  return new CelError(
    `invalid x-kubernetes-list-type, expected 'map', 'set' or 'atomic' but got ${listType}`,
  );
}

function formattedValue(text: string, format: string | undefined): Result {
  switch (format) {
    case "duration": {
      const nanos = parseGoDurationExactly(text) ?? parseLooseDuration(text);
      if (nanos !== undefined) return new CelDuration(nanos);
      return new CelError(`Invalid duration ${text}: unable to parse ${text} as duration`);
    }
    case "date":
      return timestamp(`${text}T00:00:00Z`) ?? new CelError(`Invalid date formatted string ${text}`);
    case "date-time":
      return (
        timestamp(text) ?? timestamp(`${text}Z`) ?? new CelError(`Invalid date-time formatted string ${text}`)
      );
    case "byte":
      return new Uint8Array(Buffer.from(text, "base64"));
  }
  return text;
}

function timestamp(text: string): CelTimestamp | undefined {
  const nanos = parseRfc3339(text);
  return nanos === undefined ? undefined : new CelTimestamp(nanos);
}
