import type { Buffer } from "node:buffer";

/** First bytes of what is compressed: bzip2, gzip, xz. */
const MAGIC = [
  [0x42, 0x5a, 0x68],
  [0x1f, 0x8b, 0x08],
  [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00],
];
const BLOCK_BYTES = 512;
const CHECKSUM = { start: 148, end: 156 };

/** Whether a file begins as an archive does. */
export function isArchive(header: Buffer): boolean {
  return MAGIC.some((magic) => magic.every((byte, index) => header[index] === byte)) || isTar(header);
}

/** A tar's header holds the sum of its bytes, its own field counted as spaces. */
function isTar(header: Buffer): boolean {
  if (header.length < BLOCK_BYTES) return false;
  const block = header.subarray(0, BLOCK_BYTES);
  const told = /^ *([0-7]+)[ \0]*$/.exec(block.toString("latin1", CHECKSUM.start, CHECKSUM.end))?.[1];
  if (told === undefined) return false;
  let sum = 0;
  for (let at = 0; at < BLOCK_BYTES; at++)
    sum += at >= CHECKSUM.start && at < CHECKSUM.end ? 0x20 : block[at]!;
  return sum === Number.parseInt(told, 8);
}
