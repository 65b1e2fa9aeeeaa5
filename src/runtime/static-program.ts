import { closeSync, openSync, readSync } from "node:fs";

const PT_INTERP = 3;

/**
 * Whether a program is an ELF file that needs no loader (elf(5)): only such a one runs in a container, where the host's
 * libraries are not.
 */
export function isStaticProgram(path: string): boolean {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch {
    return false;
  }
  try {
    const header = readAt(fd, 0, 64);
    if (header.length < 64 || header.readUInt32BE(0) !== 0x7f454c46) return false;
    const [is64, isLittleEndian] = [header[4] === 2, header[5] === 1];
    // All that Node runs on here is little-endian and has 64 bits.
    return is64 && isLittleEndian && !segmentTypes(fd, header).includes(PT_INTERP);
  } finally {
    closeSync(fd);
  }
}

function segmentTypes(fd: number, header: Buffer): number[] {
  const [offset, sizeBytes, count] = [
    Number(header.readBigUInt64LE(32)),
    header.readUInt16LE(54),
    header.readUInt16LE(56),
  ];
  return Array.from({ length: count }, (_, index) => {
    const entry = readAt(fd, offset + index * sizeBytes, 4);
    return entry.length === 4 ? entry.readUInt32LE(0) : PT_INTERP;
  });
}

function readAt(fd: number, position: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  return buffer.subarray(0, readSync(fd, buffer, 0, length, position));
}
