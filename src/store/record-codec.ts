import { crc32 } from "node:zlib";
import type { RecordHead, VersionRecord } from "./backend.ts";
import { corrupt } from "./errors.ts";

// Forms of the LMDB store's entries; docs/disk-layout.md draws them. Numbers are big-endian doubles, which hold every safe
// integer and, being positive, sort as their bytes do. The checksum covers all bytes after itself and the key, so
// that an entry in another's place is found too.

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
  bytes.writeUInt32BE(crc32(head.key, crc32(bytes.subarray(4))), 0);
  return bytes;
}

export function decodeHead(key: string, bytes: Buffer, deleted: boolean): RecordHead {
  if (bytes.length !== HEAD_BYTES || bytes.readUInt32BE(0) !== crc32(key, crc32(bytes.subarray(4)))) {
    throw corrupt(`the store's entry of key ${key} is damaged`, { key });
  }
  return {
    key,
    createRevision: bytes.readDoubleBE(4),
    modRevision: bytes.readDoubleBE(12),
    version: bytes.readDoubleBE(20),
    lease: bytes.readDoubleBE(28),
    deleted,
    previousRevision: bytes.readDoubleBE(36),
  };
}

/** A copy of the value with room before it for the header, so that writing it needs no second copy. */
export function adoptValue(value: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(RECORD_HEADER_BYTES + value.byteLength);
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
  bytes.writeUInt32BE(recordChecksum(record.key, record.modRevision, bytes), 0);
  return bytes;
}

export function decodeRecord(key: string, modRevision: number, bytes: Buffer): VersionRecord {
  if (
    bytes.length < RECORD_HEADER_BYTES ||
    bytes.readUInt32BE(0) !== recordChecksum(key, modRevision, bytes)
  ) {
    throw corrupt(`the store's value of ${key} at revision ${modRevision} is damaged`, {
      key,
      revision: modRevision,
    });
  }
  return { ...decodeRecordHead(key, modRevision, bytes), value: bytes.subarray(RECORD_HEADER_BYTES) };
}

/** The numbers alone; the checksum is not looked at. */
export function decodeRecordHead(key: string, modRevision: number, bytes: Buffer): RecordHead {
  return {
    key,
    createRevision: bytes.readDoubleBE(8),
    modRevision,
    version: bytes.readDoubleBE(16),
    lease: bytes.readDoubleBE(24),
    deleted: bytes.readUInt32BE(4) === TOMBSTONE,
    previousRevision: bytes.readDoubleBE(32),
  };
}

function recordChecksum(key: string, modRevision: number, bytes: Buffer): number {
  return (crc32(key, crc32(bytes.subarray(4))) ^ modRevision) >>> 0;
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
