import { describe, expect, it } from "vitest";
import { validityOf } from "./validity.ts";

const NOW_MS = Date.parse("2026-01-01T00:00:00Z");
const FAR_MS = Date.parse("2036-01-01T00:00:00Z");
const hours = (count: number) => count * 3600;

describe("how long a certificate holds", () => {
  it.each([
    ["a year where nothing is asked", undefined, FAR_MS, "2026-12-31T23:55:00.000Z"],
    ["a year at most", hours(24 * 500), FAR_MS, "2026-12-31T23:55:00.000Z"],
    ["what is asked, less what it is dated back", hours(24), FAR_MS, "2026-01-01T23:55:00.000Z"],
    ["all that is asked, where that is short", hours(7), FAR_MS, "2026-01-01T07:00:00.000Z"],
    ["ten minutes at least", 60, FAR_MS, "2026-01-01T00:10:00.000Z"],
    ["no longer than its issuer", undefined, NOW_MS + 60_000, "2026-01-01T00:01:00.000Z"],
  ])("is %s", (_, expirationSeconds, authorityEndMs, end) => {
    const { notBeforeMs, notAfterMs } = validityOf(expirationSeconds, NOW_MS, authorityEndMs);
    expect(new Date(notBeforeMs).toISOString()).toBe("2025-12-31T23:55:00.000Z");
    expect(new Date(notAfterMs).toISOString()).toBe(end);
  });

  it("is not at all once the issuer has expired", () => {
    expect(() => validityOf(undefined, NOW_MS, NOW_MS)).toThrow("the signer has expired");
  });
});
