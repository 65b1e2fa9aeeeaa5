import { describe, expect, it } from "vitest";
import { parseSize } from "./size.ts";

describe("sizes", () => {
  it.each<[string, number | undefined]>([
    ["0", 0],
    ["512", 512],
    ["64m", 64 * 1024 ** 2],
    ["1.5GiB", 1.5 * 1024 ** 3],
    ["10 kb", 10 * 1024],
    ["32b", 32],
    ["2T", 2 * 1024 ** 4],
    ["", undefined],
    ["-1", undefined],
    ["1x", undefined],
    ["m", undefined],
    ["9999999999999p", undefined],
  ])("%j", (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });
});
