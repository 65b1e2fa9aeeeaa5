import {
  sizeOfBigVarint,
  sizeOfVarint,
  WireReader,
  WireType,
  writeBigVarint,
  writeVarint,
} from "./protobuf-wire.ts";

/**
 * Protobuf messages by table (protobuf.dev, "Encoding"): a message is a list of named fields, each with its number and kind, and
 * its TypeScript type follows from that list. Varints, byte strings, messages in them, and maps ("Maps": a repeated message of key
 * and value; written in the order of the keys, so that equal maps are equal bytes).
 */
type Kind = "int64" | "bigInt64" | "bool" | "bytes" | "text" | MessageType<Fields>;

interface Field {
  number: number;
  kind: Kind;
  repeated: boolean;
  /** A map with keys of this kind; `kind` is that of an entry. */
  keys?: "text" | "int64";
}

interface TypedField<T> extends Field {
  /** Never there; it carries the type. */
  type?: T;
}

type Fields = Record<string, TypedField<unknown>>;

export interface MessageType<F extends Fields> {
  fields: F;
  /** What a decoded message holds where the bytes say nothing. Lists are made anew each time. */
  defaults: Record<string, unknown>;
  /** Names of the repeated fields. */
  lists: string[];
  /** Names of the maps. */
  maps: string[];
  byNumber: [name: string, field: Field][];
}

type TypeOf<F> = F extends TypedField<infer T> ? T : never;
/** A message as it was received: every field is there, but messages in it may be undefined. */
export type Message<M> = M extends MessageType<infer F> ? { [Name in keyof F]: TypeOf<F[Name]> } : never;
/** A message to send: what is absent is left out, and so is what has its default value. */
type Sendable<T> = T extends Uint8Array
  ? T
  : T extends (infer E)[]
    ? readonly Sendable<E>[]
    : T extends object
      ? { [Name in keyof T]?: Sendable<T[Name]> }
      : T;
export type Outgoing<M> =
  M extends MessageType<infer F> ? { [Name in keyof F]?: Sendable<TypeOf<F[Name]>> } : never;

const scalar =
  <T>(kind: Kind) =>
  (number: number): TypedField<T> => ({ number, kind, repeated: false });

/** Also for enums and the other integers. Exact between -2^53 and 2^53. */
export const int64 = scalar<number>("int64");
/** Exact over all of 64 bits: nanoseconds since 1970 need it. */
export const bigInt64 = scalar<bigint>("bigInt64");
export const bool = scalar<boolean>("bool");
export const bytes = scalar<Uint8Array>("bytes");
/** A string, or bytes that are known to be UTF-8. */
export const text = scalar<string>("text");

export function one<M extends MessageType<Fields>>(
  number: number,
  type: M,
): TypedField<Message<M> | undefined> {
  return { number, kind: type, repeated: false };
}

export function many<M extends MessageType<Fields>>(number: number, type: M): TypedField<Message<M>[]> {
  return { number, kind: type, repeated: true };
}

export function texts(number: number): TypedField<string[]> {
  return { number, kind: "text", repeated: true };
}

export function manyBytes(number: number): TypedField<Uint8Array[]> {
  return { number, kind: "bytes", repeated: true };
}

/** Repeated integers. Read packed or not, written one by one: receivers take both ("Packed Repeated Fields"). */
export function ints(number: number): TypedField<number[]> {
  return { number, kind: "int64", repeated: true };
}

/** `map<string, V>`, V given as the entry's field 2: `map(3, text(2))`, `map(3, one(2, Other))`. */
export function map<T>(number: number, value: TypedField<T>): TypedField<Record<string, NonNullable<T>>> {
  return mapOf(number, text(1), value, "text");
}

/** `map<int64, V>`; the keys are numbers in decimals. */
export function mapByNumber<T>(
  number: number,
  value: TypedField<T>,
): TypedField<Record<string, NonNullable<T>>> {
  return mapOf(number, int64(1), value, "int64");
}

function mapOf<T>(number: number, key: Field, value: Field, keys: "text" | "int64"): TypedField<T> {
  return { number, kind: message({ key, value: { ...value, number: 2 } }), repeated: false, keys };
}

const NO_BYTES = Buffer.alloc(0);
const ZERO = { int64: 0, bigInt64: 0n, bool: false, bytes: NO_BYTES, text: "" };

export function message<F extends Fields>(fields: F): MessageType<F> {
  const defaults: Record<string, unknown> = {};
  const lists: string[] = [];
  const maps: string[] = [];
  const byNumber: MessageType<F>["byNumber"] = [];
  for (const [name, field] of Object.entries(fields)) {
    byNumber[field.number] = [name, field];
    defaults[name] = typeof field.kind === "object" ? undefined : ZERO[field.kind];
    if (field.repeated) lists.push(name);
    if (field.keys) maps.push(name);
  }
  return { fields, defaults, lists, maps, byNumber };
}

const wireTypeOf = (kind: Kind) =>
  kind === "int64" || kind === "bigInt64" || kind === "bool" ? WireType.VARINT : WireType.LENGTH_DELIMITED;

export function encode<M extends MessageType<Fields>>(type: M, value: Outgoing<M>): Buffer {
  const out = Buffer.allocUnsafe(sizeOfMessage(type, value as Record<string, unknown>));
  writeMessage(type, value as Record<string, unknown>, out, 0);
  return out;
}

/** Each element that goes out, with its field. */
function* outgoing(type: MessageType<Fields>, value: Record<string, unknown>): Generator<[Field, unknown]> {
  for (const [name, field] of Object.entries(type.fields)) {
    const found = value[name];
    if (found === undefined) continue;
    if (field.keys) yield* entriesOf(field, found as Record<string, unknown>);
    else if (field.repeated) for (const element of found as unknown[]) yield [field, element];
    else if (typeof field.kind === "object" || !isZero(found)) yield [field, found];
  }
}

function* entriesOf(field: Field, found: Record<string, unknown>): Generator<[Field, unknown]> {
  for (const key of Object.keys(found).sort()) yield [field, { key, value: found[key] }];
}

function isZero(value: unknown): boolean {
  return value instanceof Uint8Array ? value.byteLength === 0 : !value;
}

function sizeOfMessage(type: MessageType<Fields>, value: Record<string, unknown>): number {
  let size = 0;
  for (const [field, element] of outgoing(type, value)) {
    size += sizeOfVarint(field.number << 3);
    if (field.kind === "bigInt64") size += sizeOfBigVarint(element as bigint);
    else if (wireTypeOf(field.kind) === WireType.VARINT) size += sizeOfVarint(Number(element));
    else {
      const length = lengthOf(field.kind, element);
      size += sizeOfVarint(length) + length;
    }
  }
  return size;
}

function lengthOf(kind: Kind, element: unknown): number {
  if (kind === "text") return Buffer.byteLength(element as string);
  if (kind === "bytes") return (element as Uint8Array).byteLength;
  return sizeOfMessage(kind as MessageType<Fields>, element as Record<string, unknown>);
}

function writeMessage(
  type: MessageType<Fields>,
  value: Record<string, unknown>,
  out: Buffer,
  start: number,
): number {
  let at = start;
  for (const [{ number, kind }, element] of outgoing(type, value)) {
    at = writeVarint((number << 3) | wireTypeOf(kind), out, at);
    if (wireTypeOf(kind) === WireType.VARINT) {
      at =
        kind === "bigInt64"
          ? writeBigVarint(element as bigint, out, at)
          : writeVarint(Number(element), out, at);
      continue;
    }
    at = writeVarint(lengthOf(kind, element), out, at);
    if (kind === "text") at += out.write(element as string, at, "utf8");
    else if (kind === "bytes") {
      out.set(element as Uint8Array, at);
      at += (element as Uint8Array).byteLength;
    } else at = writeMessage(kind as MessageType<Fields>, element as Record<string, unknown>, out, at);
  }
  return at;
}

/** Byte fields share their memory with `input`. Throws RangeError where the bytes make no message. */
export function decode<M extends MessageType<Fields>>(type: M, input: Uint8Array): Message<M> {
  return readMessage(type, new WireReader(input), input.byteLength) as Message<M>;
}

function readMessage(type: MessageType<Fields>, reader: WireReader, end: number): Record<string, unknown> {
  const value: Record<string, unknown> = { ...type.defaults };
  for (const name of type.lists) value[name] = [];
  for (const name of type.maps) value[name] = Object.create(null);
  while (reader.pos < end) {
    const tag = reader.uint32();
    const [name, field] = type.byNumber[tag >>> 3] ?? [];
    if (!name || !field) reader.skipType(tag & 7);
    else if (isPacked(field, tag & 7)) readPacked(value[name] as number[], reader);
    else if ((tag & 7) !== wireTypeOf(field.kind)) reader.skipType(tag & 7);
    else if (field.keys) readEntry(field, value[name] as Record<string, unknown>, reader);
    else if (field.repeated) (value[name] as unknown[]).push(readValue(field.kind, reader));
    else value[name] = readValue(field.kind, reader);
  }
  if (reader.pos !== end) throw new RangeError("a part of the message is longer than the message");
  return value;
}

function isPacked({ kind, repeated }: Field, wireType: number): boolean {
  return repeated && kind === "int64" && wireType === WireType.LENGTH_DELIMITED;
}

function readPacked(into: number[], reader: WireReader): void {
  const length = reader.uint32();
  const end = reader.pos + length;
  while (reader.pos < end) into.push(reader.int64());
  if (reader.pos !== end) throw new RangeError("a part of the message is longer than the message");
}

function readEntry({ kind }: Field, into: Record<string, unknown>, reader: WireReader): void {
  const entry = readValue(kind, reader) as { key: string | number; value: unknown };
  const { value: field } = (kind as MessageType<Fields>).fields;
  into[String(entry.key)] = entry.value ?? defaultOf(field!.kind);
}

/** A value that the entry leaves out is its kind's default. */
function defaultOf(kind: Kind): unknown {
  return typeof kind === "object" ? readMessage(kind, new WireReader(NO_BYTES), 0) : ZERO[kind];
}

function readValue(kind: Kind, reader: WireReader): unknown {
  switch (kind) {
    case "int64":
      return reader.int64();
    case "bigInt64":
      return reader.bigInt64();
    case "bool":
      return reader.bool();
    case "text":
      return reader.string();
    case "bytes":
      return reader.bytes();
    default: {
      const length = reader.uint32();
      return readMessage(kind, reader, reader.pos + length);
    }
  }
}
