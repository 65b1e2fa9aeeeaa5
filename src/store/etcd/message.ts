/**
 * Protobuf messages by table (protobuf.dev, "Encoding"): a message is a list of named fields, each with its number and kind, and
 * its TypeScript type follows from that list. Only what etcd's messages need: varints, byte strings and messages in them.
 */
type Kind = "int64" | "bool" | "bytes" | "text" | MessageType<Fields>;

interface Field {
  number: number;
  kind: Kind;
  repeated: boolean;
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

const NO_BYTES = Buffer.alloc(0);
const ZERO = { int64: 0, bool: false, bytes: NO_BYTES, text: "" };

export function message<F extends Fields>(fields: F): MessageType<F> {
  const defaults: Record<string, unknown> = {};
  const lists: string[] = [];
  const byNumber: MessageType<F>["byNumber"] = [];
  for (const [name, field] of Object.entries(fields)) {
    byNumber[field.number] = [name, field];
    defaults[name] = typeof field.kind === "object" ? undefined : ZERO[field.kind];
    if (field.repeated) lists.push(name);
  }
  return { fields, defaults, lists, byNumber };
}

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

const wireTypeOf = (kind: Kind) => (kind === "int64" || kind === "bool" ? VARINT : LENGTH_DELIMITED);

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
    if (field.repeated) for (const element of found as unknown[]) yield [field, element];
    else if (typeof field.kind === "object" || !isZero(found)) yield [field, found];
  }
}

function isZero(value: unknown): boolean {
  return value instanceof Uint8Array ? value.byteLength === 0 : !value;
}

function sizeOfMessage(type: MessageType<Fields>, value: Record<string, unknown>): number {
  let size = 0;
  for (const [field, element] of outgoing(type, value)) {
    size += sizeOfVarint(field.number << 3);
    if (wireTypeOf(field.kind) === VARINT) size += sizeOfVarint(Number(element));
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
    if (wireTypeOf(kind) === VARINT) {
      at = writeVarint(Number(element), out, at);
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

function sizeOfVarint(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
  return size;
}

/** Whole numbers from 0 to 2^53; nothing else is sent. */
function writeVarint(value: number, out: Buffer, start: number): number {
  let at = start;
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) out[at++] = (rest % 0x80) | 0x80;
  out[at++] = rest;
  return at;
}

/** Byte fields share their memory with `input`. Throws RangeError where the bytes make no message. */
export function decode<M extends MessageType<Fields>>(type: M, input: Uint8Array): Message<M> {
  const buffer = Buffer.from(input.buffer, input.byteOffset, input.byteLength);
  return new Decoder(buffer).message(type, buffer.length) as Message<M>;
}

class Decoder {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  message(type: MessageType<Fields>, end: number): Record<string, unknown> {
    const value: Record<string, unknown> = { ...type.defaults };
    for (const name of type.lists) value[name] = [];
    while (this.#at < end) {
      const tag = this.#varint();
      const [name, field] = type.byNumber[tag >>> 3] ?? [];
      if (!name || !field || (tag & 7) !== wireTypeOf(field.kind)) this.#skip(tag & 7);
      else if (field.repeated) (value[name] as unknown[]).push(this.#value(field.kind));
      else value[name] = this.#value(field.kind);
    }
    if (this.#at !== end) throw new RangeError("a part of the message is longer than the message");
    return value;
  }

  #value(kind: Kind): unknown {
    if (kind === "int64") return this.#varint();
    if (kind === "bool") return this.#varint() !== 0;
    const end = this.#part();
    if (typeof kind === "object") return this.message(kind, end);
    const start = this.#at;
    this.#at = end;
    return kind === "text" ? this.#buffer.toString("utf8", start, end) : this.#buffer.subarray(start, end);
  }

  /** Reads a length; gives the end of the part that it announces. */
  #part(): number {
    const length = this.#varint();
    return this.#end(length);
  }

  #end(length: number): number {
    if (!(length >= 0 && length <= this.#buffer.length - this.#at))
      throw new RangeError("the message ends too early");
    return this.#at + length;
  }

  #skip(wireType: number): void {
    if (wireType === VARINT) this.#varint();
    else if (wireType === LENGTH_DELIMITED) this.#at = this.#part();
    else if (wireType === FIXED64) this.#at = this.#end(8);
    else if (wireType === FIXED32) this.#at = this.#end(4);
    else throw new RangeError(`wire type ${wireType} is not known`);
  }

  /** 64 bits in two halves, so that negative numbers (two's complement, ten bytes) come out right. */
  #varint(): number {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.#at >= this.#buffer.length) throw new RangeError("the message ends too early");
      const byte = this.#buffer[this.#at++]!;
      if (shift < 28) low |= (byte & 0x7f) << shift;
      else if (shift === 28) {
        low |= (byte & 0x0f) << 28;
        high = (byte & 0x7f) >>> 4;
      } else high |= (byte & 0x7f) << (shift - 32);
      if (byte < 0x80) return high * 2 ** 32 + (low >>> 0);
    }
    throw new RangeError("a varint is too long");
  }
}
