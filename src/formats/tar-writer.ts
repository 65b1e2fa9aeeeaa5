import { GantryError } from "../base/index.ts";
import { bytesOfText } from "./byte-text.ts";
import { TAR_BLOCK_BYTES, type TarEntry, type TarEntryType, tarEntry, tarPaddingBytes } from "./tar-entry.ts";
import { checksums } from "./tar-header.ts";
import { encodePaxRecords, formatPaxTime } from "./tar-pax.ts";

const TYPE_FLAGS: Record<TarEntryType, string> = {
  file: "0",
  hardlink: "1",
  symlink: "2",
  "character-device": "3",
  "block-device": "4",
  directory: "5",
  fifo: "6",
};
const MAX_OCTAL_7 = 0o7777777;
const MAX_OCTAL_11 = 0o77777777777;

/** The two zero blocks that end an archive. */
export const TAR_END: Buffer = Buffer.alloc(2 * TAR_BLOCK_BYTES);
const PADDING = Buffer.alloc(TAR_BLOCK_BYTES);

/** The zeros that follow a body of that size. */
export function tarPadding(sizeBytes: number): Buffer {
  return PADDING.subarray(0, tarPaddingBytes(sizeBytes));
}

/**
 * The header of an entry: one ustar block, preceded by a pax header where ustar cannot say it all. The same entry always
 * gives the same bytes.
 */
export function encodeTarHeader(entry: TarEntry): Buffer {
  const name = bytesOfText(
    entry.type === "directory" && !entry.name.endsWith("/") ? `${entry.name}/` : entry.name,
  );
  const link = bytesOfText(entry.linkName);
  const split = splitName(name);
  const records = paxRecordsOf(entry, split ? undefined : name, link);
  const main = ustarBlock(entry, split ?? { prefix: Buffer.alloc(0), name: name.subarray(0, 100) }, link);
  if (records.length === 0) return main;
  const body = encodePaxRecords(records);
  const pax = tarEntry({ name: "", type: "file", sizeBytes: body.length });
  const paxName = { prefix: Buffer.alloc(0), name: Buffer.from("PaxHeaders.0/entry") };
  return Buffer.concat([ustarBlock(pax, paxName, Buffer.alloc(0), "x"), body, tarPadding(body.length), main]);
}

function paxRecordsOf(
  entry: TarEntry,
  longName: Buffer | undefined,
  link: Buffer,
): [string, Buffer | string][] {
  const records: [string, Buffer | string][] = [];
  if (entry.gid > MAX_OCTAL_7) records.push(["gid", String(entry.gid)]);
  if (link.length > 100 || !isAscii(link)) records.push(["linkpath", link]);
  if (entry.mtimeNanoseconds !== 0 || entry.mtimeSeconds < 0 || entry.mtimeSeconds > MAX_OCTAL_11) {
    records.push(["mtime", formatPaxTime(entry.mtimeSeconds, entry.mtimeNanoseconds)]);
  }
  if (longName) records.push(["path", longName]);
  for (const [name, value] of [...entry.xattrs].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (name.includes("=")) throw invalidEntry(`extended attribute name ${JSON.stringify(name)} holds a "="`);
    records.push([`SCHILY.xattr.${name}`, value]);
  }
  if (entry.sizeBytes > MAX_OCTAL_11) records.push(["size", String(entry.sizeBytes)]);
  if (entry.uid > MAX_OCTAL_7) records.push(["uid", String(entry.uid)]);
  return records;
}

function ustarBlock(
  entry: TarEntry,
  { prefix, name }: { prefix: Buffer; name: Buffer },
  link: Buffer,
  typeFlag: string = TYPE_FLAGS[entry.type],
): Buffer {
  const block = Buffer.alloc(TAR_BLOCK_BYTES);
  const octal = (value: number, at: number, digits: number) => {
    const fits = value >= 0 && value < 8 ** digits ? value : 0;
    block.write(fits.toString(8).padStart(digits, "0"), at, "latin1");
  };
  name.copy(block, 0);
  octal(entry.mode & 0o7777, 100, 7);
  octal(entry.uid, 108, 7);
  octal(entry.gid, 116, 7);
  octal(entry.type === "file" ? entry.sizeBytes : 0, 124, 11);
  octal(entry.mtimeSeconds, 136, 11);
  block.write(typeFlag, 156, "latin1");
  link.copy(block, 157, 0, 100);
  block.write("ustar\x0000", 257, "latin1");
  bytesOfText(entry.userName).copy(block, 265, 0, 31);
  bytesOfText(entry.groupName).copy(block, 297, 0, 31);
  octal(entry.deviceMajor, 329, 7);
  octal(entry.deviceMinor, 337, 7);
  prefix.copy(block, 345);
  block.write(`${checksums(block).unsigned.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}

/** ustar's two name fields: at most 155 bytes, a slash, at most 100 bytes; ASCII only. Undefined when it needs pax. */
function splitName(name: Buffer): { prefix: Buffer; name: Buffer } | undefined {
  if (!isAscii(name)) return undefined;
  if (name.length <= 100) return { prefix: Buffer.alloc(0), name };
  if (name.length > 256) return undefined;
  // The slash that ends a directory's name is part of it, so it is no place to split.
  const slash = name.lastIndexOf(0x2f, Math.min(155, name.length - 2));
  if (slash <= 0 || name.length - slash - 1 > 100) return undefined;
  return { prefix: name.subarray(0, slash), name: name.subarray(slash + 1) };
}

function isAscii(bytes: Buffer): boolean {
  for (const byte of bytes) if (byte > 0x7f) return false;
  return true;
}

/** One member to write; a file needs exactly `entry.sizeBytes` bytes of body. */
export interface TarMemberToWrite {
  entry: TarEntry;
  body?: AsyncIterable<Uint8Array> | Uint8Array;
}

/** A whole archive from its members, end mark included. Fails with Internal when a body is not as long as it was said to be. */
export async function* writeTar(
  members: AsyncIterable<TarMemberToWrite> | Iterable<TarMemberToWrite>,
): AsyncGenerator<Uint8Array> {
  for await (const { entry, body } of members) {
    yield encodeTarHeader(entry);
    if (entry.type !== "file") continue;
    let written = 0;
    for await (const chunk of body instanceof Uint8Array ? [body] : (body ?? [])) {
      written += chunk.length;
      if (written > entry.sizeBytes) break;
      if (chunk.length > 0) yield chunk;
    }
    if (written !== entry.sizeBytes) {
      throw new GantryError("Internal", `content of ${entry.name} changed its size while it was archived`, {
        code: "Tar.SizeChanged",
      });
    }
    yield tarPadding(entry.sizeBytes);
  }
  yield TAR_END;
}

const invalidEntry = (message: string) =>
  new GantryError("InvalidArgument", message, { code: "Tar.InvalidEntry" });
