/** What is written at a time: it stands in memory, encrypted, until the client takes it, also where the client never does. */
export const PIECE_BYTES = 32 * 1024;

/** The same bytes in pieces: what is small goes together, what is large is cut without being copied. */
export function* inPieces(parts: Iterable<Buffer>): Generator<Buffer> {
  let small: Buffer[] = [];
  let bytes = 0;
  for (const part of parts) {
    if (bytes + part.length > PIECE_BYTES && bytes > 0) {
      yield joined(small);
      small = [];
      bytes = 0;
    }
    if (part.length > PIECE_BYTES) {
      for (let at = 0; at < part.length; at += PIECE_BYTES) yield part.subarray(at, at + PIECE_BYTES);
    } else if (part.length > 0) {
      small.push(part);
      bytes += part.length;
    }
  }
  if (bytes > 0) yield joined(small);
}

function joined(parts: Buffer[]): Buffer {
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}
