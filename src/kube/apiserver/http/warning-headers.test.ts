import { expect, it } from "vitest";
import { toldWarnings, warningHeaders } from "./warning-headers.ts";

it("tells each warning once, in characters that a header may hold", () => {
  expect(warningHeaders(["a", 'say "b"', "a", "ü\n"])).toEqual([
    '299 - "a"',
    '299 - "say \\"b\\""',
    '299 - "??"',
  ]);
});

it("cuts what is told where it is more than clients take", () => {
  const long = Array.from({ length: 100_000 }, (_, n) => `${n}${"x".repeat(300)}`);
  const told = toldWarnings(long);
  expect(told).toHaveLength(16);
  expect(told.every((text) => text.length === 256)).toBe(true);
  expect(toldWarnings(["y".repeat(4096)])).toEqual(["y".repeat(4096)]);
});
