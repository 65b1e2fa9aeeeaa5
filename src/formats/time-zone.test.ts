import { describe, expect, it } from "vitest";
import { timeZoneProblem, WallClock } from "./time-zone.ts";

describe("time zones", () => {
  it.each([
    "",
    "UTC",
    "Local",
    "Europe/Paris",
    "Asia/Kolkata",
    "Asia/Calcutta",
    "US/Eastern",
    "EST5EDT",
    "Etc/GMT+12",
    "Etc/GMT-14",
    "America/Argentina/Buenos_Aires",
  ])("know %j", (name) => {
    expect(timeZoneProblem(name)).toBeUndefined();
    // The names that are known without Intl are known to it.
    if (name !== "" && name !== "Local") expect(() => new WallClock(name)).not.toThrow();
  });

  it.each(["europe/paris", "Europe/Parisx", "v", "utc", "local", "Etc/GMT+13", "+01:00"])(
    "do not know %s",
    (name) => {
      expect(timeZoneProblem(name)).toBe(`unknown time zone ${name}`);
    },
  );

  it("are no paths", () => {
    expect(timeZoneProblem("../etc/passwd")).toBe("time: invalid location name");
    expect(timeZoneProblem("/etc/passwd")).toBe("time: invalid location name");
  });
});

describe("a clock on the wall", () => {
  const clock = new WallClock("Europe/Paris");
  const at = Date.parse;

  it("shows the time of its zone", () => {
    expect(clock.shownAt(at("2024-01-01T12:00:00Z"))).toBe(at("2024-01-01T13:00:00Z"));
    expect(clock.shownAt(at("2024-07-01T23:30:05Z"))).toBe(at("2024-07-02T01:30:05Z"));
  });

  it("tells when it shows a time, or the first one after a gap", () => {
    const before = at("2024-03-31T00:00:00Z");
    expect(clock.instantOf(at("2024-03-31T01:30:00Z"), before)).toBe(at("2024-03-31T00:30:00Z"));
    expect(clock.instantOf(at("2024-03-31T03:30:00Z"), before)).toBe(at("2024-03-31T01:30:00Z"));
    expect(clock.instantOf(at("2024-03-31T02:00:00Z"), before)).toBe(at("2024-03-31T01:00:00Z"));
  });
});
