import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bigInt64,
  bool,
  bytes,
  decode,
  encode,
  int64,
  ints,
  many,
  map,
  mapByNumber,
  message,
  one,
  text,
} from "./protobuf-message.ts";

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
      number: fc.maxSafeInteger(),
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

  it("keeps all of 64 bits where it is told to", () => {
    const Exact = message({ at: bigInt64(1) });
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (at) => {
        expect(decode(Exact, encode(Exact, { at })).at).toBe(at);
      }),
    );
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

  it("has maps, in the order of their keys", () => {
    const Mapped = message({
      words: map(1, text(2)),
      inners: mapByNumber(2, one(2, Inner)),
      flags: map(3, bool(2)),
    });
    const wire = encode(Mapped, {
      words: { b: "2", a: "" },
      inners: { 7: { name: "x" } },
      flags: { on: true },
    });
    expect(hex(wire)).toBe("0a030a0161" + "0a060a0162120132" + "1207080712030a0178" + "1a060a026f6e1001");
    const back = decode(Mapped, wire);
    expect({ ...back.words }).toEqual({ a: "", b: "2" });
    expect({ ...back.inners }).toEqual({ "7": { name: "x", flag: false } });
    expect({ ...back.flags }).toEqual({ on: true });
    expect({ ...decode(Mapped, Buffer.from("120208050a030a0161", "hex")).inners }).toEqual({
      "5": { name: "", flag: false },
    });
    expect(Object.keys(decode(Mapped, Buffer.from("0a0b0a095f5f70726f746f5f5f", "hex")).words)).toEqual([
      "__proto__",
    ]);
  });

  it("reads repeated integers packed and one by one", () => {
    const List = message({ codes: ints(12) });
    expect(decode(List, Buffer.from("62030196016005", "hex")).codes).toEqual([1, 150, 5]);
    expect(decode(List, encode(List, { codes: [0, -1, 300] })).codes).toEqual([0, -1, 300]);
    expect(() => decode(List, Buffer.from("620196016005", "hex"))).toThrow(RangeError);
  });
});
