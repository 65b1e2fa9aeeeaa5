import { Buffer } from "node:buffer";
import { errorMessage, GantryError } from "../../../base/index.ts";
import { WireReader, WireWriter } from "../../../formats/index.ts";
import { decodeMessage, encodeMessage } from "./message-codec.ts";
import { messageKeyOfKind } from "./message-table.ts";

/** Every protobuf body starts with these four bytes, then a runtime.Unknown (apimachinery serializer/protobuf). */
const MAGIC = Uint8Array.of(0x6b, 0x38, 0x73, 0x00);

export function isProtobufEnvelope(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, index) => bytes[index] === byte);
}

/** Whether this kind has a protobuf form; CustomResources have none. */
export function hasProtobufForm(apiVersion: string, kind: string): boolean {
  return messageKeyOfKind(apiVersion, kind) !== undefined;
}

interface Envelope {
  apiVersion: string;
  kind: string;
  raw: Uint8Array;
}

export interface TypeMeta {
  apiVersion: string;
  kind: string;
}

/**
 * Decodes a `k8s\0` envelope into the JSON form of its object. `expected` says what it is where the envelope does not
 * (a WatchEvent, for example). Throws InvalidArgument on anything else.
 */
export function decodeProtobuf(bytes: Uint8Array, expected?: TypeMeta): Record<string, unknown> {
  if (!isProtobufEnvelope(bytes))
    throw malformed("provided data does not appear to be a protobuf message, expected prefix k8s");
  try {
    const envelope = readEnvelope(bytes.subarray(MAGIC.length));
    const { apiVersion, kind } = envelope.kind === "" && expected !== undefined ? expected : envelope;
    const key = messageKeyOfKind(apiVersion, kind);
    if (key === undefined) {
      throw malformed(
        `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)}`,
      );
    }
    const reader = new WireReader(envelope.raw);
    const body = decodeMessage(reader, reader.len, key) as Record<string, unknown>;
    return envelope.kind === "" ? body : { kind, apiVersion, ...body };
  } catch (error) {
    if (error instanceof GantryError) throw error;
    throw malformed(`protobuf: ${errorMessage(error)}`, error);
  }
}

function malformed(message: string, cause?: unknown): GantryError {
  return new GantryError("InvalidArgument", message, { code: "Kubernetes.BadProtobuf", cause });
}

function readEnvelope(bytes: Uint8Array): Envelope {
  const reader = new WireReader(bytes);
  const envelope: Envelope = { apiVersion: "", kind: "", raw: new Uint8Array() };
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === 10) readTypeMeta(reader, envelope);
    else if (tag === 18) envelope.raw = reader.bytes();
    else reader.skipType(tag & 7);
  }
  return envelope;
}

function readTypeMeta(reader: WireReader, envelope: Envelope): void {
  const end = reader.uint32() + reader.pos;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === 10) envelope.apiVersion = reader.string();
    else if (tag === 18) envelope.kind = reader.string();
    else reader.skipType(tag & 7);
  }
}

/** Encodes an object with its envelope. Throws NotImplemented for kinds that have no protobuf form. */
export function encodeProtobuf(object: Partial<TypeMeta>, expected?: TypeMeta): Uint8Array {
  const { apiVersion = "", kind = "" } = object;
  const key = messageKeyOfKind(apiVersion || (expected?.apiVersion ?? ""), kind || (expected?.kind ?? ""));
  if (key === undefined) {
    throw new GantryError("NotImplemented", `${kind} of ${apiVersion} has no protobuf form`, {
      code: "Kubernetes.NoProtobuf",
    });
  }
  const body = new WireWriter();
  encodeMessage(body, key, object);
  const envelope = new WireWriter();
  envelope.uint32(10).fork();
  envelope.uint32(10).string(apiVersion).uint32(18).string(kind);
  envelope.ldelim();
  envelope.uint32(18).bytes(body.finish());
  // contentEncoding and contentType: Go writes them although they are empty.
  envelope.uint32(26).string("").uint32(34).string("");
  return Buffer.concat([MAGIC, envelope.finish()]);
}
