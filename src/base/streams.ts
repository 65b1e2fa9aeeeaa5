import type { Readable } from "node:stream";
import { GantryError } from "./errors.ts";

/** Reads a whole stream into memory; ResourceExhausted when it holds more than `limitBytes`. */
export async function readAll(
  stream: Readable | AsyncIterable<Uint8Array>,
  limitBytes: number,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Uint8Array | string>) {
    const bytes =
      typeof chunk === "string"
        ? Buffer.from(chunk)
        : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    size += bytes.length;
    if (size > limitBytes) {
      throw new GantryError("ResourceExhausted", `more than ${limitBytes} bytes were sent`, {
        code: "TooLarge",
      });
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks, size);
}
