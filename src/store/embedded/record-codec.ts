import { crc32 } from "node:zlib";
import { corrupt } from "../errors.ts";
import type { RecordHead, VersionRecord } from "./backend.ts";

// Forms of the LMDB store's entries; docs/disk-layout.md draws them. Numbers are big-endian doubles, which hold every safe
// integer and, being positive, sort as their bytes do. The checksum covers all other bytes, the key, and for a version its
// revision, so that an entry in another's place is found too.

export const HEAD_BYTES = 44;
/** What stands before the value in a history entry. */
export const RECORD_HEADER_BYTES = 40;

const PUT = 1;
const TOMBSTONE = 2;

export function encodeHead(head: RecordHead): Buffer {
  const bytes = Buffer.allocUnsafe(HEAD_BYTES);
  bytes.writeDoubleBE(head.createRevision, 4);
  bytes.writeDoubleBE(head.modRevision, 12);
  bytes.writeDoubleBE(head.version, 20);
  bytes.writeDoubleBE(head.lease, 28);
  bytes.writeDoubleBE(head.previousRevision, 36);
  bytes.writeUInt32BE(hashText(head.key, hashBytes(bytes, HEAD_BYTES)), 0);
  return bytes;
}

/** A head as it was read; the library's buffer is used again for the next one. */
export interface StoredHead extends Omit<RecordHead, "key" | "deleted"> {
  hash: number;
  checksum: number;
}

export function decodeStoredHead(bytes: Buffer): StoredHead {
  const isWhole = bytes.length === HEAD_BYTES;
  return {
    checksum: isWhole ? bytes.readUInt32BE(0) : -1,
    hash: hashBytes(bytes, HEAD_BYTES),
    createRevision: bytes.readDoubleBE(4),
    modRevision: bytes.readDoubleBE(12),
    version: bytes.readDoubleBE(20),
    lease: bytes.readDoubleBE(28),
    previousRevision: bytes.readDoubleBE(36),
  };
}

export function verifyHead(key: string, stored: StoredHead, deleted: boolean): RecordHead {
  if (hashText(key, stored.hash) !== stored.checksum) {
    throw corrupt(`the store's entry of key ${key} is damaged`, { key });
  }
  const { createRevision, modRevision, version, lease, previousRevision } = stored;
  return { key, createRevision, modRevision, version, lease, deleted, previousRevision };
}

/**
 * A copy of the value with room before it for the header, so that writing it needs no second copy. It is no piece of a pool: watch
 * caches keep it.
 */
export function adoptValue(value: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafeSlow(RECORD_HEADER_BYTES + value.byteLength);
  bytes.set(value, RECORD_HEADER_BYTES);
  return bytes.subarray(RECORD_HEADER_BYTES);
}

/** The entry of a version whose value was adopted, or of a tombstone. */
export function encodeRecord(record: VersionRecord): Buffer {
  const { value } = record;
  const bytes = record.deleted
    ? Buffer.allocUnsafe(RECORD_HEADER_BYTES)
    : Buffer.from(
        value.buffer as ArrayBuffer,
        value.byteOffset - RECORD_HEADER_BYTES,
        RECORD_HEADER_BYTES + value.byteLength,
      );
  bytes.writeUInt32BE(record.deleted ? TOMBSTONE : PUT, 4);
  bytes.writeDoubleBE(record.createRevision, 8);
  bytes.writeDoubleBE(record.version, 16);
  bytes.writeDoubleBE(record.lease, 24);
  bytes.writeDoubleBE(record.previousRevision, 32);
  bytes.writeUInt32BE(recordChecksum(record.key, record.modRevision, bytes, value), 0);
  return bytes;
}

export function decodeRecord(key: string, modRevision: number, bytes: Buffer): VersionRecord {
  const value = bytes.subarray(RECORD_HEADER_BYTES);
  const isWhole = bytes.length >= RECORD_HEADER_BYTES;
  if (!isWhole || bytes.readUInt32BE(0) !== recordChecksum(key, modRevision, bytes, value)) {
    throw corrupt(`the store's value of ${key} at revision ${modRevision} is damaged`, {
      key,
      revision: modRevision,
    });
  }
  return {
    key,
    value,
    createRevision: bytes.readDoubleBE(8),
    modRevision,
    version: bytes.readDoubleBE(16),
    lease: bytes.readDoubleBE(24),
    deleted: bytes.readUInt32BE(4) === TOMBSTONE,
    previousRevision: bytes.readDoubleBE(32),
  };
}

function recordChecksum(key: string, modRevision: number, bytes: Buffer, value: Uint8Array): number {
  const hash = hashText(key, hashBytes(bytes, RECORD_HEADER_BYTES));
  return (crc32(value, hash) ^ modRevision) >>> 0;
}

// FNV-1a. Each step is a bijection of the state, so that a change of any one byte changes the result. For some dozen bytes
// it is quicker here than a call of crc32.
const FNV_BASIS = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** Over the bytes from the checksum's end to `end`. */
function hashBytes(bytes: Buffer, end: number): number {
  let hash = FNV_BASIS;
  for (let index = 4; index < end; index++) hash = Math.imul(hash ^ bytes[index]!, FNV_PRIME);
  return hash >>> 0;
}

function hashText(text: string, seed: number): number {
  let hash = seed;
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), FNV_PRIME);
  return hash >>> 0;
}

/** Key of the entries that belong to a number and a key: history (revision) and keys of a lease (id). */
export interface NumberedKey {
  number: number;
  key: string;
}

type LmdbKey<T> = T | Buffer;
interface KeyEncoder<T> {
  writeKey(key: LmdbKey<T>, target: Buffer, position: number): number;
  readKey(source: Buffer, start: number, end: number): T;
}

/** Keys as plain UTF-8. A Buffer is taken as it is, for bounds that are no text. */
export const textKeys: KeyEncoder<string> = {
  writeKey(key, target, position) {
    if (typeof key !== "string") return position + key.copy(target, position);
    return position + target.write(key, position, "utf8");
  },
  readKey: (source, start, end) => source.toString("utf8", start, end),
};

export const numberedKeys: KeyEncoder<NumberedKey> = {
  writeKey(key, target, position) {
    if (Buffer.isBuffer(key)) return position + key.copy(target, position);
    target.writeDoubleBE(key.number, position);
    return position + 8 + target.write(key.key, position + 8, "utf8");
  },
  readKey: (source, start, end) => ({
    number: source.readDoubleBE(start),
    key: source.toString("utf8", start + 8, end),
  }),
};

export function encodeNumber(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeDoubleBE(value);
  return bytes;
}

/** First key that does not start with the prefix and comes after it; undefined when there is none. */
export function prefixEnd(prefix: string): Buffer | undefined {
  const bytes = Buffer.from(prefix);
  for (let index = bytes.length - 1; index >= 0; index--) {
    if (bytes[index] === 0xff) continue;
    bytes[index]!++;
    return bytes.subarray(0, index + 1);
  }
  return undefined;
}

/** How a table's values are read: `decode` gets the library's own buffer, which it uses again for the next value. */
export interface ValueDecoder<T> {
  encode: (bytes: Buffer) => Buffer;
  decode: (bytes: Uint8Array) => T;
}

const asIs = (bytes: Buffer) => bytes;

export const storedHeads: ValueDecoder<StoredHead> = {
  encode: asIs,
  decode: (bytes) => decodeStoredHead(asBuffer(bytes)),
};

export const copiedBytes: ValueDecoder<Buffer> = {
  encode: asIs,
  decode(bytes) {
    const copy = Buffer.allocUnsafe(bytes.length);
    asBuffer(bytes).copy(copy, 0, 0, copy.length);
    return copy;
  },
};

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
