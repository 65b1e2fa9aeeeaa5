import { describe, expect, it } from "vitest";
import { parseGoDuration, parseGoDurationExactly } from "./go-duration.ts";

describe("durations as Go writes them", () => {
  it.each([
    ["0", 0n],
    ["1h30m", 5_400_000_000_000n],
    ["1.5s", 1_500_000_000n],
    [".5ms", 500_000n],
    ["-2us", -2_000n],
    ["1.0000000019s", 1_000_000_001n],
    ["2562047h47m16.854775807s", 2n ** 63n - 1n],
    ["-2562047h47m16.854775808s", -(2n ** 63n)],
    ["2562047h47m16.854775808s", undefined],
    ["", undefined],
    ["1", undefined],
    ["1d", undefined],
    ["1h ", undefined],
  ])("%j", (text, nanos) => {
    expect(parseGoDurationExactly(text)).toBe(nanos);
    expect(parseGoDuration(text)).toBe(nanos === undefined ? undefined : Number(nanos));
  });
});
