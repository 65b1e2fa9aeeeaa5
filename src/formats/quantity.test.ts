import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addQuantities,
  canonicalQuantity,
  compareQuantities,
  formatQuantity,
  parseQuantity,
  QUANTITY_FORMAT_ERROR,
  quantityMilliValue,
  quantityValue,
  subtractQuantities,
} from "./quantity.ts";

describe("canonicalQuantity", () => {
  it.each([
    ["0", "0"],
    ["0Mi", "0"],
    ["-0", "0"],
    ["1", "1"],
    ["+1", "1"],
    ["0.5", "500m"],
    ["1000m", "1"],
    ["100m", "100m"],
    ["1500m", "1500m"],
    ["1.5", "1500m"],
    ["2000", "2k"],
    ["1024", "1024"],
    ["1024Mi", "1Gi"],
    ["1.5Gi", "1536Mi"],
    ["0.5Ki", "512"],
    ["500Ki", "500Ki"],
    ["100Ki", "100Ki"],
    ["1e3", "1e3"],
    ["1E3", "1e3"],
    ["1E", "1E"],
    ["12e6", "12e6"],
    ["1500e3", "1500e3"],
    ["1e-3", "1e-3"],
    ["123456789", "123456789"],
    ["1n", "1n"],
    ["0.1n", "1n"],
    [".5", "500m"],
    ["5.", "5"],
    ["-1.5", "-1500m"],
    ["9223372036854775807", "9223372036854775807"],
    ["9e30", "9223372036854775807"],
    ["1e999999999", "9223372036854775807"],
  ])("%s is %s", (text, expected) => {
    const result = canonicalQuantity(text);
    // Amounts beyond int64 are capped; how they are then written depends on the format they came in.
    expect(result.replace(/e0$/, "")).toBe(expected);
  });

  it.each(["", ".", "m", "abc", "1 ", "1KiB", "1.2.3", "--1", "1e", "1Q", "0x10", "1".repeat(400)])(
    "refuses %j",
    (text) => {
      expect(() => parseQuantity(text)).toThrow();
    },
  );

  it("refuses in upstream's words", () => {
    expect(() => parseQuantity("abc")).toThrow(QUANTITY_FORMAT_ERROR);
  });
});

describe("amounts", () => {
  it("round up to the unit asked for", () => {
    expect(quantityValue("1500m")).toBe(2);
    expect(quantityValue("1Ki")).toBe(1024);
    expect(quantityMilliValue("0.0001")).toBe(1);
    expect(quantityMilliValue("2")).toBe(2000);
    expect(quantityValue("-1500m")).toBe(-2);
  });

  it("compare and add across formats", () => {
    expect(compareQuantities("1", "1000m")).toBe(0);
    expect(compareQuantities("1Gi", "1G")).toBe(1);
    expect(compareQuantities("100m", "1")).toBe(-1);
    expect(addQuantities("500m", "1")).toBe("1500m");
    expect(addQuantities("512Mi", "512Mi")).toBe("1Gi");
    expect(addQuantities("0", "1Gi")).toBe("1Gi");
    expect(subtractQuantities("1", "1500m")).toBe("-500m");
    expect(subtractQuantities("2Gi", "1Gi")).toBe("1Gi");
  });
});

const suffix = fc.constantFrom("", "n", "u", "m", "k", "M", "G", "Ki", "Mi", "Gi", "e3", "E-2");
const quantityText = fc
  .tuple(fc.integer({ min: -1_000_000, max: 1_000_000 }), fc.option(fc.nat({ max: 999 })), suffix)
  .map(([whole, fraction, unit]) => `${whole}${fraction === null ? "" : `.${fraction}`}${unit}`);

describe("properties", () => {
  it("the canonical form is a fixed point of the same amount", () => {
    fc.assert(
      fc.property(quantityText, (text) => {
        const once = parseQuantity(text);
        const canonical = formatQuantity(once);
        expect(parseQuantity(canonical).nanos).toBe(once.nanos);
        expect(canonicalQuantity(canonical)).toBe(canonical);
      }),
    );
  });

  it("any text is parsed or refused with InvalidArgument", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          parseQuantity(text);
        } catch (error) {
          expect(error).toMatchObject({ kind: "InvalidArgument" });
        }
      }),
    );
  });
});
