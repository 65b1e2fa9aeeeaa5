import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bool, bytes, decode, encode, int64, many, message, one, text } from "./protobuf-message.ts";

const Inner = message({ name: text(1), flag: bool(3) });
const Sample = message({ number: int64(1), data: bytes(2), inner: one(15, Inner), list: many(16, Inner) });
const hex = (value: Uint8Array) => Buffer.from(value).toString("hex");

describe("protobuf messages", () => {
  it("writes the wire format", () => {
    const wire = encode(Sample, { number: 150, data: Buffer.from("ab"), inner: { name: "é", flag: true } });
    expect(hex(wire)).toBe("089601" + "12026162" + "7a06" + "0a02c3a9" + "1801");
  });

  it("gives back what was written, with defaults for the rest", () => {
    const inner = fc.record({ name: fc.string({ unit: "binary" }), flag: fc.boolean() });
    const sample = fc.record({
      number: fc.maxSafeNat(),
      data: fc.uint8Array({ maxLength: 300 }),
      inner: fc.option(inner, { nil: undefined }),
      list: fc.array(inner),
    });
    fc.assert(
      fc.property(sample, (value) => {
        const back = decode(Sample, encode(Sample, value));
        expect({ ...back, data: hex(back.data) }).toEqual({ ...value, data: hex(value.data) });
      }),
    );
    expect(decode(Sample, Buffer.alloc(0))).toEqual({
      number: 0,
      data: Buffer.alloc(0),
      inner: undefined,
      list: [],
    });
  });

  it("reads negative numbers and passes over unknown fields", () => {
    expect(decode(Sample, Buffer.from("08ffffffffffffffffff01", "hex")).number).toBe(-1);
    const unknown = "2001" + "2900000000000000 00".replace(" ", "") + "320161" + "3d00000000" + "0805";
    expect(decode(Sample, Buffer.from(unknown, "hex")).number).toBe(5);
  });

  it("refuses what is cut off or makes no sense, whatever the bytes are", () => {
    for (const wire of ["08", "0880", "1205616263", "7a0a0a02c3a9", "0b", "08ffffffffffffffffffff01"]) {
      expect(() => decode(Sample, Buffer.from(wire, "hex"))).toThrow(RangeError);
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (wire) => {
        try {
          decode(Sample, wire);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });
});
