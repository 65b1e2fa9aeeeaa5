import { describe, expect, it } from "vitest";
import { keptBytes } from "./kept-bytes.ts";

describe("keptBytes", () => {
  it("holds nothing but the bytes", () => {
    const kept = keptBytes(Buffer.from("some text"));
    expect(kept.toString()).toBe("some text");
    expect(kept.buffer.byteLength).toBe(9);
  });

  it("copies nothing that fills its memory already", () => {
    const big = Buffer.alloc(200_000, 1);
    expect(keptBytes(big)).toBe(big);
    const most = big.subarray(0, 150_000);
    expect(keptBytes(most)).toBe(most);
  });
});
