import { readSync } from "node:fs";

const ELF_MAGIC = 0x7f454c46;
const BUILD_INFO_MAGIC = Buffer.from("\xff Go buildinf:", "latin1");
const HEADER_BYTES = 64;
const SECTION_BYTES = 64;
const MAX_SECTIONS = 1_000;
const MAX_INFO_BYTES = 4 * 1024 * 1024;
/** Bytes around the list of modules that mark it for who searches the program's memory. */
const MARKER_BYTES = 16;

/** The Go version and the modules of a program for 64-bit Linux; undefined for any other file. Go 1.18 and later write it in this form. */
export function goBuildInfo(fd: number): { goVersion: string; modules: string } | undefined {
  const header = readAt(fd, 0, HEADER_BYTES);
  if (header?.readUInt32BE(0) !== ELF_MAGIC || header[4] !== 2 || header[5] !== 1) return undefined;
  for (const section of sectionsOf(fd, header)) {
    // A section of that name begins with the magic; looking for this finds it in stripped programs, too.
    const start = readAt(fd, section.offset, 32);
    if (!start?.subarray(0, BUILD_INFO_MAGIC.length).equals(BUILD_INFO_MAGIC)) continue;
    const hasInlineTexts = ((start[15] ?? 0) & 2) !== 0;
    const data = hasInlineTexts
      ? readAt(fd, section.offset + 32, Math.min(section.size - 32, MAX_INFO_BYTES))
      : undefined;
    return data && readTexts(data);
  }
  return undefined;
}

function* sectionsOf(fd: number, header: Buffer): Generator<{ offset: number; size: number }> {
  const tableAt = Number(header.readBigUInt64LE(40));
  const count = Math.min(header.readUInt16LE(60), MAX_SECTIONS);
  if (header.readUInt16LE(58) !== SECTION_BYTES || !Number.isSafeInteger(tableAt)) return;
  const table = readAt(fd, tableAt, count * SECTION_BYTES);
  for (let at = 0; table && at < table.length; at += SECTION_BYTES) {
    const [offset, size] = [Number(table.readBigUInt64LE(at + 24)), Number(table.readBigUInt64LE(at + 32))];
    if (Number.isSafeInteger(offset) && Number.isSafeInteger(size) && size > 32) yield { offset, size };
  }
}

function readTexts(data: Buffer): { goVersion: string; modules: string } | undefined {
  const version = readText(data, 0);
  const modules = version && readText(data, version.end);
  if (!modules) return undefined;
  const isMarked = modules.bytes.length >= 2 * MARKER_BYTES;
  const bytes = isMarked ? modules.bytes.subarray(MARKER_BYTES, -MARKER_BYTES) : modules.bytes;
  return { goVersion: version.bytes.toString("utf8"), modules: bytes.toString("utf8") };
}

/** A length as a varint, and so many bytes. */
function readText(data: Buffer, start: number): { bytes: Buffer; end: number } | undefined {
  let length = 0;
  let at = start;
  for (let shift = 0; shift < 32; shift += 7) {
    const byte = data[at++];
    if (byte === undefined) return undefined;
    length += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) {
      const end = at + length;
      return end <= data.length ? { bytes: data.subarray(at, end), end } : undefined;
    }
  }
  return undefined;
}

function readAt(fd: number, position: number, length: number): Buffer | undefined {
  if (length <= 0) return undefined;
  const buffer = Buffer.alloc(length);
  return readSync(fd, buffer, 0, length, position) === length ? buffer : undefined;
}
