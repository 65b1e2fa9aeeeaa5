import { Buffer } from "node:buffer";
import type { WireReader, WireWriter } from "../../../formats/index.ts";
import { formatQuantity, parseJson, parseQuantity, plainInteger } from "../../../formats/index.ts";
import { escapedHtml } from "../go-print.ts";
import { formatTime, parseTimeParts } from "../meta/time.ts";
import { decodeProtobuf, isProtobufEnvelope } from "./envelope.ts";

/** Wire type by the type letter of the tables. */
export const WIRE_TYPES: Record<string, number> = {
  s: 2,
  y: 2,
  b: 0,
  i: 0,
  l: 0,
  d: 1,
  q: 2,
  t: 2,
  u: 2,
  n: 2,
  x: 2,
  r: 2,
  f: 2,
};

/** Whether Go's JSON encoder would leave this value out (`omitempty`). */
export function isZero(code: string, value: unknown): boolean {
  switch (code) {
    case "s":
    case "y":
      return value === "";
    case "b":
      return value === false;
    case "i":
    case "l":
    case "d":
      return value === 0;
    case "q":
    case "r":
    case "f":
      return value === undefined;
    default:
      return false;
  }
}

/** One value in its JSON form. */
export function decodeScalar(reader: WireReader, code: string): unknown {
  switch (code) {
    case "s":
      return reader.string();
    case "y":
      return Buffer.from(reader.bytes()).toString("base64");
    case "b":
      return reader.bool();
    case "i":
      return reader.int32();
    case "l":
      return plainInteger(reader.bigInt64());
    case "d":
      return reader.double();
    default:
      return decodeWrapped(reader, code);
  }
}

/** Values that are small messages on the wire and one scalar (or free JSON) outside. */
function decodeWrapped(reader: WireReader, code: string): unknown {
  const parts = readParts(reader);
  switch (code) {
    case "q": {
      const text = parts.text.get(1);
      return text === undefined ? "0" : formatQuantity(parseQuantity(text));
    }
    case "t":
    case "u":
      if (parts.numbers.size === 0) return null;
      return formatTime(parts.numbers.get(1) ?? 0, parts.numbers.get(2) ?? 0, code === "u");
    case "n":
      return parts.numbers.get(1) ?? 0;
    case "x":
      return parts.numbers.get(1) === 1 ? (parts.text.get(3) ?? "") : (parts.numbers.get(2) ?? 0);
    default:
      return decodeRaw(parts.bytes.get(1));
  }
}

interface Parts {
  numbers: Map<number, number>;
  text: Map<number, string>;
  bytes: Map<number, Uint8Array>;
}

function readParts(reader: WireReader): Parts {
  const end = reader.uint32() + reader.pos;
  const parts: Parts = { numbers: new Map(), text: new Map(), bytes: new Map() };
  while (reader.pos < end) {
    const tag = reader.uint32();
    const number = tag >>> 3;
    if ((tag & 7) === 0) parts.numbers.set(number, reader.int64());
    else if ((tag & 7) === 2) {
      const bytes = reader.bytes();
      parts.bytes.set(number, bytes);
      parts.text.set(number, Buffer.from(bytes).toString());
    } else reader.skipType(tag & 7);
  }
  return parts;
}

/** Embedded objects are JSON, or (List items) protobuf with an envelope of their own. */
function decodeRaw(bytes: Uint8Array | undefined): unknown {
  if (bytes === undefined || bytes.length === 0) return undefined;
  return isProtobufEnvelope(bytes) ? decodeProtobuf(bytes) : parseJson(Buffer.from(bytes).toString());
}

export function encodeScalar(writer: WireWriter, code: string, number: number, value: unknown): void {
  writer.uint32((number << 3) | WIRE_TYPES[code]!);
  switch (code) {
    case "s":
      writer.string(String(value));
      return;
    case "y":
      writer.bytes(Buffer.from(String(value), "base64"));
      return;
    case "b":
      writer.bool(value === true);
      return;
    case "i":
      writer.int32(Number(value));
      return;
    case "l":
      writer.int64(value as number | bigint);
      return;
    case "d":
      writer.double(Number(value));
      return;
    default:
      writer.fork();
      encodeWrapped(writer, code, value);
      writer.ldelim();
  }
}

function encodeWrapped(writer: WireWriter, code: string, value: unknown): void {
  switch (code) {
    case "q":
      writer.uint32(10).string(String(value));
      return;
    case "t":
    case "u": {
      if (value === null) return;
      const { seconds, nanos } = parseTimeParts(String(value));
      writer.uint32(8).int64(seconds).uint32(16).int32(nanos);
      return;
    }
    case "n":
      writer.uint32(8).int64(Number(value));
      return;
    case "x":
      encodeIntOrString(writer, value);
      return;
    default:
      writer.uint32(10).bytes(Buffer.from(escapedHtml(JSON.stringify(value))));
  }
}

function encodeIntOrString(writer: WireWriter, value: unknown): void {
  const isText = typeof value === "string";
  writer.uint32(8).int64(isText ? 1 : 0);
  writer.uint32(16).int32(isText ? 0 : Number(value));
  writer.uint32(26).string(isText ? value : "");
}
