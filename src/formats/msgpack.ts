export type MsgpackValue =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | MsgpackExtension
  | MsgpackValue[]
  | { [key: string]: MsgpackValue };

/** A value of a type of the application's own. */
export class MsgpackExtension {
  readonly type: number;
  readonly data: Uint8Array;

  constructor(type: number, data: Uint8Array) {
    this.type = type;
    this.data = data;
  }
}

/** MessagePack (msgpack.org's spec.md), each value in its shortest form. Numbers are integers up to 2^53. */
export function encodeMsgpack(value: MsgpackValue): Buffer {
  const parts: Uint8Array[] = [];
  write(value, parts);
  return Buffer.concat(parts);
}

function write(value: MsgpackValue, to: Uint8Array[]): void {
  if (value === null) to.push(Buffer.from([0xc0]));
  else if (typeof value === "boolean") to.push(Buffer.from([value ? 0xc3 : 0xc2]));
  else if (typeof value === "number") to.push(integer(value));
  else if (typeof value === "string") {
    const bytes = Buffer.from(value);
    to.push(head(bytes.length, { fix: [0xa0, 32], bits8: 0xd9, bits16: 0xda, bits32: 0xdb }), bytes);
  } else if (value instanceof MsgpackExtension) {
    const fixed = [1, 2, 4, 8, 16].indexOf(value.data.length);
    const size =
      fixed >= 0
        ? Buffer.from([0xd4 + fixed])
        : head(value.data.length, { bits8: 0xc7, bits16: 0xc8, bits32: 0xc9 });
    to.push(size, Buffer.from([value.type]), value.data);
  } else if (value instanceof Uint8Array) {
    to.push(head(value.length, { bits8: 0xc4, bits16: 0xc5, bits32: 0xc6 }), value);
  } else if (Array.isArray(value)) {
    to.push(head(value.length, { fix: [0x90, 16], bits16: 0xdc, bits32: 0xdd }));
    for (const item of value) write(item, to);
  } else {
    const entries = Object.entries(value);
    to.push(head(entries.length, { fix: [0x80, 16], bits16: 0xde, bits32: 0xdf }));
    for (const [key, item] of entries) {
      write(key, to);
      write(item, to);
    }
  }
}

interface Heads {
  /** The first byte of lengths below the second number. */
  fix?: readonly [first: number, below: number];
  bits8?: number;
  bits16: number;
  bits32: number;
}

function head(length: number, { fix, bits8, bits16, bits32 }: Heads): Buffer {
  if (fix && length < fix[1]) return Buffer.from([fix[0] | length]);
  if (bits8 !== undefined && length < 2 ** 8) return Buffer.from([bits8, length]);
  if (length < 2 ** 16) return Buffer.from([bits16, length >> 8, length & 0xff]);
  const bytes = Buffer.alloc(5, bits32);
  bytes.writeUInt32BE(length, 1);
  return bytes;
}

function integer(value: number): Buffer {
  if (value >= 0 && value < 128) return Buffer.from([value]);
  if (value < 0 && value >= -32) return Buffer.from([value & 0xff]);
  if (value >= 0 && value < 2 ** 32) {
    const bytes = Buffer.alloc(5, 0xce);
    bytes.writeUInt32BE(value, 1);
    return bytes;
  }
  const bytes = Buffer.alloc(9, value < 0 ? 0xd3 : 0xcf);
  bytes.writeBigInt64BE(BigInt(value), 1);
  return bytes;
}
