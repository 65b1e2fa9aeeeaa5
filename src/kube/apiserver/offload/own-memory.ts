/** The memory of bytes that share it with nothing, so that it can go to another thread instead of a copy. */
export function ownMemoryOf({ buffer, byteLength }: Uint8Array): ArrayBuffer[] {
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [];
}
