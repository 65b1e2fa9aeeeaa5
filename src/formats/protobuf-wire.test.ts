import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { WireReader, WireWriter } from "./protobuf-wire.ts";

const through = <T>(write: (writer: WireWriter) => WireWriter, read: (reader: WireReader) => T): T =>
  read(new WireReader(write(new WireWriter()).finish()));

describe("the wire format", () => {
  it("keeps numbers of every size and sign", () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.integer(), fc.double({ noNaN: true }), (long, int, double) => {
        expect(
          through(
            (writer) => writer.int64(long),
            (reader) => reader.int64(),
          ),
        ).toBe(long);
        expect(
          through(
            (writer) => writer.int32(int),
            (reader) => reader.int32(),
          ),
        ).toBe(int);
        expect(
          through(
            (writer) => writer.uint32(int),
            (reader) => reader.uint32(),
          ),
        ).toBe(int >>> 0);
        expect(
          through(
            (writer) => writer.double(double),
            (reader) => reader.double(),
          ),
        ).toBe(double);
      }),
    );
  });

  it("keeps the largest int64 positive", () => {
    const bytes = new WireWriter().int64(Number("9223372036854775807")).finish();
    expect(Buffer.from(bytes).toString("hex")).toBe("ffffffffffffffff7f");
  });

  it("keeps strings and bytes, also beyond the first buffer and inside parts", () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 3000, unit: "grapheme" }),
        fc.uint8Array({ maxLength: 20_000 }),
        (text, bytes) => {
          const written = new WireWriter()
            .fork()
            .string(text)
            .fork()
            .bytes(bytes)
            .ldelim()
            .ldelim()
            .bool(true)
            .finish();
          const reader = new WireReader(written);
          reader.uint32();
          expect(reader.string()).toBe(text);
          reader.uint32();
          expect(Buffer.from(reader.bytes()).equals(bytes)).toBe(true);
          expect(reader.bool()).toBe(true);
          expect(reader.pos).toBe(reader.len);
        },
      ),
    );
  });

  it("refuses what ends too early or runs on for ever", () => {
    const reader = (...bytes: number[]) => new WireReader(Uint8Array.from(bytes));
    expect(() => reader(0x80).uint32()).toThrow(RangeError);
    expect(() => reader(5, 1).bytes()).toThrow(RangeError);
    expect(() => reader(5, 1).string()).toThrow(RangeError);
    expect(() => reader(1, 2).double()).toThrow(RangeError);
    expect(() => reader(...Array(11).fill(0xff)).int64()).toThrow(RangeError);
    expect(() => reader(0xff, 0xff, 0xff, 0xff, 0x7f).uint32()).toThrow(RangeError);
    expect(() => reader(1).skipType(3)).toThrow(RangeError);
  });
});
