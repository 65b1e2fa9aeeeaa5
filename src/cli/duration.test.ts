import { expect, it } from "vitest";
import { durationMs } from "./duration.ts";

it.each([
  ["8s", 8000],
  ["1m30s", 90_000],
  ["1.5h", 5_400_000],
])("reads %s", (text, ms) => {
  expect(durationMs("ttl", text, "")).toBe(ms);
});

it.each(["", "8", "0s", "-3s", "soon"])("refuses %j", (text) => {
  expect(() => durationMs("ttl", text, "usage")).toThrow(`--ttl takes a time as 40s or 1m30s, not "${text}"`);
});
