import type { FileHandle } from "node:fs/promises";

const BLOCK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/**
 * Where the last `lines` lines of a CRI log begin, found from its end. Parts of a line count with the whole that they
 * belong to. `missing` says how many lines the file is short of.
 */
export async function tailOffset(
  file: FileHandle,
  sizeBytes: number,
  lines: number,
): Promise<{ offset: number; missing: number }> {
  let wanted = lines;
  let offset = sizeBytes;
  if (wanted <= 0) return { offset, missing: 0 };
  for await (const line of linesBackwards(file, sizeBytes)) {
    // A whole line ends what stands before it; a part belongs to what follows.
    if (!isPartial(line.bytes) || offset === sizeBytes) {
      if (wanted === 0) return { offset, missing: 0 };
      wanted--;
    }
    offset = line.offset;
  }
  return { offset: 0, missing: wanted };
}

function isPartial(line: Buffer): boolean {
  const second = line.indexOf(0x20, line.indexOf(0x20) + 1);
  return line[second + 1] === 0x50;
}

async function* linesBackwards(
  file: FileHandle,
  sizeBytes: number,
): AsyncGenerator<{ offset: number; bytes: Buffer }> {
  let position = sizeBytes;
  let rest: Buffer = Buffer.alloc(0);
  while (position > 0) {
    const start = Math.max(0, position - BLOCK_BYTES);
    const block = Buffer.alloc(position - start);
    await file.read(block, 0, block.length, start);
    let bytes = Buffer.concat([block, rest]);
    position = start;
    for (;;) {
      const cut = bytes.lastIndexOf(NEWLINE, bytes.length - 2);
      if (cut < 0 || bytes.length < 2) break;
      yield { offset: start + cut + 1, bytes: bytes.subarray(cut + 1) };
      bytes = bytes.subarray(0, cut + 1);
    }
    rest = bytes;
  }
  if (rest.length > 0) yield { offset: 0, bytes: rest };
}
