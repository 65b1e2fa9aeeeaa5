/**
 * The bytes in memory of their own, for who keeps them. A small buffer is a piece of a pool (64 KiB since Node 24), and all of the pool
 * stays for as long as one piece of it is kept.
 */
export function keptBytes(bytes: Buffer): Buffer {
  if (bytes.buffer.byteLength <= 2 * bytes.byteLength) return bytes;
  const kept = Buffer.allocUnsafeSlow(bytes.byteLength);
  kept.set(bytes);
  return kept;
}
