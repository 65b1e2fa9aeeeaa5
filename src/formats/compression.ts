import { type Readable, Transform, type TransformCallback } from "node:stream";
import { constants, createGunzip, createGzip, createZstdDecompress } from "node:zlib";
import { GantryError, notImplemented } from "../base/index.ts";

export type Compression = "none" | "gzip" | "zstd" | "bzip2" | "xz";

const MAGIC: [Compression, readonly number[]][] = [
  ["gzip", [0x1f, 0x8b, 0x08]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  ["bzip2", [0x42, 0x5a, 0x68]],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
];

/** How many first bytes `detectCompression` wants to see. */
export const COMPRESSION_MAGIC_BYTES = 6;

/** Recognizes a compressed stream by its first bytes. */
export function detectCompression(head: Uint8Array): Compression {
  for (const [compression, magic] of MAGIC) {
    if (head.length >= magic.length && magic.every((byte, index) => head[index] === byte)) return compression;
  }
  return "none";
}

export interface DecompressLimits {
  /** Most bytes that may come out; ResourceExhausted (`Compression.TooLarge`) beyond. */
  maxBytes?: number;
  /** Most output bytes per input byte, looked at only after `ratioFreeBytes` came out: stops decompression bombs. */
  maxRatio?: number;
  ratioFreeBytes?: number;
}

/**
 * Plain bytes of a stream that may be compressed with gzip or zstd, recognized by its first bytes. Input that is cut off
 * or corrupt fails with InvalidArgument (`Compression.Corrupt`).
 */
export async function* decompress(
  source: Readable | AsyncIterable<Uint8Array>,
  limits: DecompressLimits = {},
): AsyncGenerator<Buffer> {
  const input = source[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  const counted = { inBytes: 0 };
  const { head, rest } = await peek(input, counted);
  const compression = detectCompression(head);
  let outBytes = 0;
  for await (const chunk of plainBytes(compression, rest)) {
    outBytes += chunk.length;
    assertWithin(limits, counted.inBytes, outBytes);
    yield chunk;
  }
}

/** A gzip encoder whose output depends on the input only (no time stamp, no name). */
export function createDeterministicGzip(level: number = constants.Z_BEST_SPEED): Transform {
  return createGzip({ level, chunkSize: 64 * 1024 });
}

async function* plainBytes(compression: Compression, source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  if (compression === "none") {
    yield* source;
    return;
  }
  const decoder = newDecoder(compression);
  const feeding = feed(source, decoder);
  feeding.catch(() => {});
  try {
    for await (const chunk of decoder) yield chunk as Buffer;
    await feeding;
  } catch (error) {
    throw isZlibError(error) ? corrupt(error) : error;
  } finally {
    decoder.destroy();
  }
}

async function feed(source: AsyncIterable<Buffer>, decoder: Transform): Promise<void> {
  try {
    for await (const chunk of source) {
      if (decoder.destroyed) return;
      if (!decoder.write(chunk)) await drained(decoder);
    }
    decoder.end();
  } catch (error) {
    decoder.destroy(error as Error);
    throw error;
  }
}

function drained(stream: Transform): Promise<void> {
  if (stream.destroyed || !stream.writableNeedDrain) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      stream.off("drain", done);
      stream.off("close", done);
      resolve();
    };
    stream.on("drain", done);
    stream.on("close", done);
  });
}

function newDecoder(compression: Compression): Transform {
  const options = { chunkSize: 128 * 1024 };
  if (compression === "gzip") return createGunzip(options);
  if (compression === "zstd") return createZstdDecompress(options);
  throw notImplemented(`archives compressed with ${compression} are not supported`, {
    code: "Compression.Unsupported",
    hint: "use gzip or zstd",
  });
}

async function peek(
  input: AsyncIterator<Uint8Array>,
  counted: { inBytes: number },
): Promise<{ head: Buffer; rest: AsyncIterable<Buffer> }> {
  let head: Buffer = Buffer.alloc(0);
  let ended = false;
  while (head.length < COMPRESSION_MAGIC_BYTES && !ended) {
    const next = await input.next();
    if (next.done) ended = true;
    else head = head.length === 0 ? bufferOf(next.value) : Buffer.concat([head, next.value]);
  }
  counted.inBytes = head.length;
  async function* rest(): AsyncGenerator<Buffer> {
    try {
      if (head.length > 0) yield head;
      while (!ended) {
        const next = await input.next();
        if (next.done) return;
        counted.inBytes += next.value.length;
        yield bufferOf(next.value);
      }
    } finally {
      await input.return?.();
    }
  }
  return { head, rest: rest() };
}

function assertWithin(limits: DecompressLimits, inBytes: number, outBytes: number): void {
  const { maxBytes, maxRatio, ratioFreeBytes = 1 << 30 } = limits;
  if (maxBytes !== undefined && outBytes > maxBytes) {
    throw tooLarge(`the data is larger than the limit of ${maxBytes} bytes when decompressed`);
  }
  if (maxRatio !== undefined && outBytes > ratioFreeBytes && outBytes > inBytes * maxRatio) {
    throw tooLarge(`the data decompresses to more than ${maxRatio} times its size`);
  }
}

const tooLarge = (message: string) =>
  new GantryError("ResourceExhausted", message, { code: "Compression.TooLarge" });

function isZlibError(error: unknown): boolean {
  const code = (error as { code?: unknown } | undefined)?.code;
  return (
    typeof code === "string" &&
    (code.startsWith("Z_") || code.startsWith("ZSTD_") || /^ERR_(?:BUFFER|_)/.test(code))
  );
}

function corrupt(cause: unknown): GantryError {
  return new GantryError("InvalidArgument", `compressed data is corrupt: ${(cause as Error).message}`, {
    code: "Compression.Corrupt",
    cause,
  });
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Counts what passes, for progress. */
export function countingTransform(onBytes: (total: number) => void): Transform {
  let total = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback) {
      total += chunk.length;
      onBytes(total);
      done(null, chunk);
    },
  });
}
