import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesOfText, textOfBytes } from "./byte-text.ts";
import { createDeterministicGzip, decompress, detectCompression } from "./compression.ts";

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}
const pieces = (bytes: Buffer, size: number) =>
  Readable.from(
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
      bytes.subarray(index * size, (index + 1) * size),
    ),
  );

describe("compression", () => {
  it("is recognized and undone, in pieces of any size", async () => {
    const plain = Buffer.concat([randomBytes(50_000), Buffer.alloc(200_000)]);
    for (const bytes of [
      plain,
      gzipSync(plain),
      zstdCompressSync(plain),
      Buffer.concat([gzipSync(plain.subarray(0, 999)), gzipSync(plain.subarray(999))]),
    ]) {
      for (const size of [1000, 65_536])
        expect((await collect(decompress(pieces(bytes, size)))).equals(plain)).toBe(true);
    }
    expect((await collect(decompress(pieces(gzipSync("x"), 1)))).toString()).toBe("x");
    expect((await collect(decompress(Readable.from([])))).length).toBe(0);
    expect(detectCompression(Buffer.from("BZh91AY"))).toBe("bzip2");
    await expect(collect(decompress(Readable.from([Buffer.from("BZh91AY&SY")])))).rejects.toMatchObject({
      kind: "NotImplemented",
    });
  });

  it("fails clearly on data that is cut off or corrupt, and on a source that breaks", async () => {
    const packed = gzipSync(randomBytes(100_000));
    const zstd = zstdCompressSync(randomBytes(100_000));
    const flipped = Buffer.from(packed);
    flipped[50_000]! ^= 0xff;
    for (const bytes of [packed.subarray(0, 50_000), flipped, zstd.subarray(0, 50_000)]) {
      await expect(collect(decompress(pieces(bytes, 8192)))).rejects.toMatchObject({
        code: "Compression.Corrupt",
      });
    }
    async function* breaking() {
      yield packed.subarray(0, 1000);
      throw new Error("connection lost");
    }
    await expect(collect(decompress(breaking()))).rejects.toThrow("connection lost");
  });

  it("stops at limits, and when nobody reads on", async () => {
    const bomb = gzipSync(Buffer.alloc(30_000_000));
    await expect(collect(decompress(pieces(bomb, 4096), { maxBytes: 1_000_000 }))).rejects.toMatchObject({
      code: "Compression.TooLarge",
    });
    await expect(
      collect(decompress(pieces(bomb, 4096), { maxRatio: 100, ratioFreeBytes: 1_000_000 })),
    ).rejects.toMatchObject({ code: "Compression.TooLarge" });
    const source = pieces(bomb, 4096);
    for await (const _chunk of decompress(source)) break;
    expect(source.destroyed).toBe(true);
  });

  it("makes the same bytes of the same input", async () => {
    const plain = randomBytes(100_000);
    const once = () => collect(Readable.from([plain]).pipe(createDeterministicGzip()));
    expect((await once()).equals(await once())).toBe(true);
  });
});

describe("names that are bytes", () => {
  it("go there and back", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) =>
        bytesOfText(textOfBytes(bytes)).equals(Buffer.from(bytes)),
      ),
    );
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme", maxLength: 20 }),
        (text) => textOfBytes(bytesOfText(text)) === text,
      ),
    );
    expect(textOfBytes(Buffer.from("é漢🚀"))).toBe("é漢🚀");
  });
});
