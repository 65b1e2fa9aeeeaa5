import { textOfBytes } from "./byte-text.ts";
import { malformed, TAR_BLOCK_BYTES } from "./tar-entry.ts";

/** The fields of one 512-byte header block, before extended headers are applied. */
export interface RawHeader {
  typeFlag: string;
  name: string;
  mode: number;
  uid: number;
  gid: number;
  sizeBytes: number;
  mtimeSeconds: number;
  linkName: string;
  userName: string;
  groupName: string;
  deviceMajor: number;
  deviceMinor: number;
}

const CHECKSUM_START = 148;
const CHECKSUM_END = 156;
const SPACE = 0x20;

export function isZeroBlock(block: Uint8Array): boolean {
  for (let at = 0; at < TAR_BLOCK_BYTES; at++) if (block[at] !== 0) return false;
  return true;
}

export function parseHeader(block: Buffer, offsetBytes: number): RawHeader {
  assertChecksum(block, offsetBytes);
  const number = (from: number, length: number, what: string) =>
    parseNumber(block, from, length, what, offsetBytes);
  const magic = block.toString("latin1", 257, 263);
  const isUstar = magic === "ustar\0";
  const isGnu = magic === "ustar " && block.toString("latin1", 263, 265) === " \0";
  const extended = isUstar || isGnu;
  const typeFlag = String.fromCharCode(block[156]!);
  const isDevice = typeFlag === "3" || typeFlag === "4";
  return {
    typeFlag,
    name: joinPrefix(isUstar ? prefixOf(block) : "", text(block, 0, 100)),
    mode: number(100, 8, "mode"),
    uid: number(108, 8, "uid"),
    gid: number(116, 8, "gid"),
    sizeBytes: number(124, 12, "size"),
    mtimeSeconds: number(136, 12, "mtime"),
    linkName: text(block, 157, 100),
    userName: extended ? text(block, 265, 32) : "",
    groupName: extended ? text(block, 297, 32) : "",
    deviceMajor: extended && isDevice ? number(329, 8, "device major") : 0,
    deviceMinor: extended && isDevice ? number(337, 8, "device minor") : 0,
  };
}

/** In star's variant (`tar\0` at the block's end) the prefix field is shorter: times follow it. */
function prefixOf(block: Buffer): string {
  return text(block, 345, block.toString("latin1", 508, 512) === "tar\0" ? 131 : 155);
}

function joinPrefix(prefix: string, name: string): string {
  return prefix === "" ? name : `${prefix}/${name}`;
}

function text(block: Buffer, from: number, length: number): string {
  const field = block.subarray(from, from + length);
  const end = field.indexOf(0);
  return textOfBytes(end < 0 ? field : field.subarray(0, end));
}

/** Octal digits, padded with spaces or NULs on either side; or, where the first bit is set, GNU's base 256. */
function parseNumber(block: Buffer, from: number, length: number, what: string, offsetBytes: number): number {
  const first = block[from]!;
  if (first & 0x80) return parseBase256(block.subarray(from, from + length), what, offsetBytes);
  const end = from + length;
  let start = from;
  while (start < end && (block[start] === SPACE || block[start] === 0)) start++;
  let stop = start;
  while (stop < end && block[stop]! >= 0x30 && block[stop]! <= 0x37) stop++;
  if (stop < end && block[stop] !== SPACE && block[stop] !== 0) throw malformed(`bad ${what}`, offsetBytes);
  return start === stop ? 0 : Number.parseInt(block.toString("latin1", start, stop), 8);
}

function parseBase256(field: Uint8Array, what: string, offsetBytes: number): number {
  const negative = (field[0]! & 0x40) !== 0;
  let value = negative ? -1n : 0n;
  value = (value << 6n) | BigInt(field[0]! & 0x3f);
  for (const byte of field.subarray(1)) value = (value << 8n) | BigInt(byte);
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw malformed(`${what} is out of range`, offsetBytes);
  return number;
}

/** The sum of all bytes with the checksum field itself read as spaces; old writers summed signed bytes. */
function assertChecksum(block: Buffer, offsetBytes: number): void {
  const stored = parseNumber(block, CHECKSUM_START, 8, "checksum", offsetBytes);
  const { unsigned, signed } = checksums(block);
  if (stored !== unsigned && stored !== signed) throw malformed("checksum does not match", offsetBytes);
}

export function checksums(block: Uint8Array): { unsigned: number; signed: number } {
  let unsigned = 0;
  let highBytes = 0;
  for (let at = 0; at < TAR_BLOCK_BYTES; at++) {
    const byte = at >= CHECKSUM_START && at < CHECKSUM_END ? SPACE : block[at]!;
    unsigned += byte;
    if (byte > 127) highBytes++;
  }
  return { unsigned, signed: unsigned - 256 * highBytes };
}
