import { Buffer } from "node:buffer";

/** Protobuf's wire format (protobuf.dev, "Encoding"): the one place that knows varints, tags and lengths. */
export const WireType = { VARINT: 0, FIXED64: 1, LENGTH_DELIMITED: 2, FIXED32: 5 } as const;

/** Reads protobuf's wire format (protobuf.dev, "Encoding"). Throws RangeError where the bytes end too early or make no sense. */
export class WireReader {
  readonly #bytes: Buffer;
  readonly len: number;
  pos = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.len = bytes.length;
  }

  /** A tag or a length. */
  uint32(): number {
    const value = this.#varint();
    if (value > 0xffffffff) throw new RangeError("varint is out of range");
    return value;
  }

  int32(): number {
    return this.int64() | 0;
  }

  /** Exact up to 2^53. */
  int64(): number {
    const start = this.pos;
    const value = this.#varint();
    if (value <= Number.MAX_SAFE_INTEGER) return value;
    this.pos = start;
    return Number(this.#signed());
  }

  bigInt64(): bigint {
    return this.#signed();
  }

  bool(): boolean {
    return this.#varint() !== 0;
  }

  double(): number {
    const at = this.#advance(8);
    return this.#bytes.readDoubleLE(at);
  }

  bytes(): Uint8Array {
    const length = this.uint32();
    const at = this.#advance(length);
    return this.#bytes.subarray(at, at + length);
  }

  string(): string {
    const length = this.uint32();
    const at = this.#advance(length);
    return this.#bytes.toString("utf8", at, at + length);
  }

  /** Passes over the value of a field that is not known. */
  skipType(wireType: number): void {
    if (wireType === WireType.VARINT) this.#varint();
    else if (wireType === WireType.FIXED64) this.#advance(8);
    else if (wireType === WireType.LENGTH_DELIMITED) this.#advance(this.uint32());
    else if (wireType === WireType.FIXED32) this.#advance(4);
    else throw new RangeError(`wire type ${wireType} is not known`);
  }

  #advance(count: number): number {
    const at = this.pos;
    if (count > this.len - at) throw new RangeError("unexpected end of the message");
    this.pos = at + count;
    return at;
  }

  /** Up to ten bytes of seven bits, the lowest first; beyond 2^53 only the magnitude is right. */
  #varint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 10; count++) {
      const byte = this.#bytes[this.#advance(1)]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw new RangeError("varint is too long");
  }

  /** 64 bits in two's complement. */
  #signed(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#advance(1)]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
    throw new RangeError("varint is too long");
  }
}

const INITIAL_BYTES = 512;
const MAX_INT64 = 2n ** 63n - 1n;

/** Writes protobuf's wire format; `fork` opens a length-prefixed part and `ldelim` closes it. */
export class WireWriter {
  #bytes = Buffer.allocUnsafe(INITIAL_BYTES);
  #length = 0;
  readonly #open: number[] = [];

  uint32(value: number): this {
    this.#reserve(5);
    let rest = value >>> 0;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
    return this;
  }

  /** Negative numbers take ten bytes, as 64-bit ones do. */
  int32(value: number): this {
    return value < 0 ? this.int64(value) : this.uint32(value);
  }

  int64(value: number | bigint): this {
    if (value >= 0 && value <= 0xffffffff) return this.uint32(Number(value));
    this.#reserve(10);
    // The largest int64 is no number of JavaScript: it became 2^63 on the way in.
    const exact =
      value >= 2 ** 63 ? MAX_INT64 : BigInt(typeof value === "bigint" ? value : Math.trunc(value));
    let rest = BigInt.asUintN(64, exact);
    while (rest >= 0x80n) {
      this.#bytes[this.#length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#bytes[this.#length++] = Number(rest);
    return this;
  }

  bool(value: boolean): this {
    return this.uint32(value ? 1 : 0);
  }

  double(value: number): this {
    this.#reserve(8);
    this.#length = this.#bytes.writeDoubleLE(value, this.#length);
    return this;
  }

  bytes(value: Uint8Array): this {
    this.uint32(value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  string(value: string): this {
    const length = Buffer.byteLength(value);
    this.uint32(length);
    this.#reserve(length);
    this.#length += this.#bytes.write(value, this.#length, length, "utf8");
    return this;
  }

  fork(): this {
    this.#open.push(this.#length);
    return this;
  }

  /** The length was not known when the part began: the part moves up to make room for it. */
  ldelim(): this {
    const start = this.#open.pop()!;
    const length = this.#length - start;
    const room =
      length < 0x80 ? 1 : length < 0x4000 ? 2 : length < 0x200000 ? 3 : length < 0x10000000 ? 4 : 5;
    this.#reserve(room);
    this.#bytes.copyWithin(start + room, start, this.#length);
    this.#length = start;
    this.uint32(length);
    this.#length += length;
    return this;
  }

  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

/** Bytes that a whole number from -2^53 to 2^53 takes. A negative one is its two's complement of 64 bits: always ten bytes. */
export function sizeOfVarint(value: number): number {
  if (value < 0) return 10;
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
  return size;
}

/** Writes a whole number from -2^53 to 2^53 where there is room for it; returns where it ends. */
export function writeVarint(value: number, out: Buffer, start: number): number {
  if (value < 0) return writeNegative(value, out, start);
  let at = start;
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) out[at++] = (rest % 0x80) | 0x80;
  out[at++] = rest;
  return at;
}

function writeNegative(value: number, out: Buffer, start: number): number {
  return writeBigVarint(BigInt(value), out, start);
}

export function sizeOfBigVarint(value: bigint): number {
  let size = 1;
  for (let rest = BigInt.asUintN(64, value); rest >= 0x80n; rest >>= 7n) size++;
  return size;
}

/** As `writeVarint`, exact over all of 64 bits. */
export function writeBigVarint(value: bigint, out: Buffer, start: number): number {
  let rest = BigInt.asUintN(64, value);
  let at = start;
  for (; rest >= 0x80n; rest >>= 7n) out[at++] = Number(rest & 0x7fn) | 0x80;
  out[at++] = Number(rest);
  return at;
}

export function varint(value: number): Buffer {
  const out = Buffer.allocUnsafe(sizeOfVarint(value));
  writeVarint(value, out, 0);
  return out;
}

/** What stands before the bytes of a field. */
export function fieldHead(number: number, sizeBytes: number): Buffer {
  return Buffer.concat([varint((number << 3) | WireType.LENGTH_DELIMITED), varint(sizeBytes)]);
}

/** A field of bytes that are encoded already. */
export function lengthDelimited(number: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([fieldHead(number, bytes.length), bytes]);
}

/** The bytes of the first such field at the top of a message; empty where there is none. */
export function readField(message: Uint8Array, number: number, offset = 0): Uint8Array {
  const reader = new WireReader(message);
  reader.pos = offset;
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag >>> 3 === number) return reader.bytes();
    reader.skipType(tag & 7);
  }
  return new Uint8Array(0);
}
