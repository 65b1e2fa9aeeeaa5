import { expect, it } from "vitest";
import { parseSizeText } from "./size-text.ts";

it.each([
  ["512", 512],
  ["10b", 10],
  ["1k", 1024],
  ["1.5 KiB", 1536],
  ["2MB", 2 * 1024 ** 2],
  ["1G", 1024 ** 3],
  ["", undefined],
  ["-1", undefined],
  ["ten", undefined],
  ["1kk", undefined],
])("%s: %s", (text, bytes) => {
  expect(parseSizeText(text)).toBe(bytes);
});
