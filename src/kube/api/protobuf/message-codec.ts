import { Buffer } from "node:buffer";
import type { WireReader, WireWriter } from "../../../formats/index.ts";
import { compareUtf8, parseJson, setOwn } from "../../../formats/index.ts";
import { escapedHtml } from "../go-print.ts";
import { type Message, type MessageField, messageByKey } from "./message-table.ts";
import { decodeScalar, encodeScalar, isZero, WIRE_TYPES } from "./scalars.ts";

type JsonObject = Record<string, unknown>;

/** Nesting beyond this is refused: no kind is that deep, and the decoder recurses. */
const MAX_DEPTH = 100;

/** Reads one message up to `end`; the result has the JSON form of the object. */
export function decodeMessage(reader: WireReader, end: number, key: string, depth = 0): unknown {
  if (depth > MAX_DEPTH) throw new RangeError("protobuf message is nested too deeply");
  const message = messageByKey(key);
  if (message === undefined) throw new RangeError(`protobuf message ${key} is not known`);
  const out: JsonObject = {};
  while (reader.pos < end) {
    const tag = reader.uint32();
    const field = message.byNumber.get(tag >>> 3);
    if (field === undefined) reader.skipType(tag & 7);
    else readField(reader, tag & 7, field, out, depth);
  }
  if (reader.pos > end) throw new RangeError("protobuf message runs beyond its length");
  return jsonForm(message, out);
}

function readField(
  reader: WireReader,
  wire: number,
  field: MessageField,
  out: JsonObject,
  depth: number,
): void {
  if (field.map) {
    const [key, value] = readMapEntry(reader, field, depth);
    out[field.name] ??= {};
    setOwn(out[field.name] as JsonObject, key, value);
  } else if (field.repeated) {
    out[field.name] ??= [];
    const list = out[field.name] as unknown[];
    if (wire === 2 && WIRE_TYPES[field.code] === 0) readPacked(reader, field, list);
    else list.push(readValue(reader, field, depth));
  } else if (field.inline) {
    Object.assign(out, readValue(reader, field, depth));
  } else {
    const value = readValue(reader, field, depth);
    if (field.pointer || !isZero(field.code, value)) out[field.name] = value;
  }
}

function readValue(reader: WireReader, field: MessageField, depth: number): unknown {
  if (field.code !== "m") return decodeScalar(reader, field.code);
  const length = reader.uint32();
  return decodeMessage(reader, reader.pos + length, field.message, depth + 1);
}

function readPacked(reader: WireReader, field: MessageField, list: unknown[]): void {
  const end = reader.uint32() + reader.pos;
  while (reader.pos < end) list.push(decodeScalar(reader, field.code));
}

function readMapEntry(reader: WireReader, field: MessageField, depth: number): [string, unknown] {
  const end = reader.uint32() + reader.pos;
  let key = "";
  let value: unknown = field.code === "s" || field.code === "y" ? "" : null;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) key = reader.string();
    else if (tag >>> 3 === 2) value = readValue(reader, field, depth);
    else reader.skipType(tag & 7);
  }
  return [key, value];
}

/** Messages whose JSON form is not an object of their fields. */
function jsonForm(message: Message, out: JsonObject): unknown {
  switch (message.name) {
    case "ExtraValue":
    case "Verbs":
      return out.items ?? [];
    case "JSON":
      return out.raw === undefined ? null : parseJson(Buffer.from(out.raw as string, "base64").toString());
    case "JSONSchemaPropsOrArray":
      return out.schema ?? out.jSONSchemas ?? null;
    case "JSONSchemaPropsOrBool":
      return out.schema ?? out.allows ?? false;
    case "JSONSchemaPropsOrStringArray":
      return out.schema ?? out.property ?? [];
    default:
      return out;
  }
}

function fieldsForm(message: Message, value: unknown): JsonObject {
  switch (message.name) {
    case "ExtraValue":
    case "Verbs":
      return { items: value };
    case "JSON":
      return { raw: Buffer.from(escapedHtml(JSON.stringify(value))).toString("base64") };
    case "JSONSchemaPropsOrArray":
      return Array.isArray(value) ? { jSONSchemas: value } : { schema: value };
    case "JSONSchemaPropsOrBool":
      return typeof value === "boolean" ? { allows: value } : { allows: true, schema: value };
    case "JSONSchemaPropsOrStringArray":
      return Array.isArray(value) ? { property: value } : { schema: value };
    default:
      return value as JsonObject;
  }
}

/** Writes an object's fields in the order of their numbers, map keys sorted: the form that Go writes. */
export function encodeMessage(writer: WireWriter, key: string, value: unknown): void {
  const message = messageByKey(key);
  if (message === undefined) throw new RangeError(`protobuf message ${key} is not known`);
  const object = fieldsForm(message, value);
  for (const field of message.fields) {
    if (field.inline) {
      writer.uint32((field.number << 3) | 2).fork();
      encodeMessage(writer, field.message, object);
      writer.ldelim();
      continue;
    }
    const item = object[field.name];
    if (item === undefined || item === null) continue;
    if (field.map) writeMap(writer, field, item as JsonObject);
    else if (field.repeated)
      for (const one of item as unknown[]) writeValue(writer, field, field.number, one);
    else writeValue(writer, field, field.number, item);
  }
}

function writeMap(writer: WireWriter, field: MessageField, map: JsonObject): void {
  for (const key of Object.keys(map).sort(compareUtf8)) {
    writer.uint32((field.number << 3) | 2).fork();
    writer.uint32(10).string(key);
    writeValue(writer, field, 2, map[key]);
    writer.ldelim();
  }
}

function writeValue(writer: WireWriter, field: MessageField, number: number, value: unknown): void {
  if (field.code !== "m") {
    encodeScalar(writer, field.code, number, value);
    return;
  }
  writer.uint32((number << 3) | 2).fork();
  encodeMessage(writer, field.message, value);
  writer.ldelim();
}
