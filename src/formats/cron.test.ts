import { describe, expect, it } from "vitest";
import { parseCronSchedule } from "./cron.ts";

const next = (text: string, after: string, zone = "UTC") => {
  const ms = parseCronSchedule(text, zone).next(Date.parse(after));
  return ms === undefined ? undefined : new Date(ms).toISOString().replace(".000Z", "Z");
};

function times(text: string, zone: string, after: string, count: number): string[] {
  const schedule = parseCronSchedule(text, zone);
  let ms = Date.parse(after);
  return Array.from({ length: count }, () => {
    ms = schedule.next(ms)!;
    return new Date(ms).toISOString().slice(0, 16);
  });
}

describe("the next time of a schedule", () => {
  it.each([
    ["* * * * *", "2024-05-01T10:00:00Z", "2024-05-01T10:01:00Z"],
    ["* * * * *", "2024-05-01T10:00:59.999Z", "2024-05-01T10:01:00Z"],
    ["*/15 * * * *", "2024-05-01T10:45:00Z", "2024-05-01T11:00:00Z"],
    ["5/20 * * * *", "2024-05-01T10:26:00Z", "2024-05-01T10:45:00Z"],
    ["0 22 * * mon-FRI", "2024-05-03T22:00:00Z", "2024-05-06T22:00:00Z"],
    ["0 0 1,15 * *", "2024-05-02T00:00:00Z", "2024-05-15T00:00:00Z"],
    ["0 0 29 feb ?", "2024-03-01T00:00:00Z", "2028-02-29T00:00:00Z"],
    ["59 23 31 12 *", "2023-12-31T23:59:00Z", "2024-12-31T23:59:00Z"],
    // Both kinds of days are restricted: the 13th, or a Friday.
    ["0 0 13 * 5", "2024-05-11T00:00:00Z", "2024-05-13T00:00:00Z"],
    ["0 0 13 * 5", "2024-05-13T00:00:00Z", "2024-05-17T00:00:00Z"],
    // A star, also one in steps of one: the 13th that is a Friday.
    ["0 0 13 * */1", "2024-05-11T00:00:00Z", "2024-05-13T00:00:00Z"],
    // In steps of two it is a restriction: the 13th, or a day of an even number.
    ["0 0 13 * */2", "2024-05-13T00:00:00Z", "2024-05-14T00:00:00Z"],
    ["@yearly", "2024-05-01T10:00:00Z", "2025-01-01T00:00:00Z"],
    ["@monthly", "2024-05-01T10:00:00Z", "2024-06-01T00:00:00Z"],
    ["@weekly", "2024-05-01T10:00:00Z", "2024-05-05T00:00:00Z"],
    ["@midnight", "2024-05-01T10:00:00Z", "2024-05-02T00:00:00Z"],
    ["@hourly", "2024-05-01T10:00:00Z", "2024-05-01T11:00:00Z"],
    ["@every 1h30m", "2024-05-01T10:00:07.5Z", "2024-05-01T11:30:07Z"],
    ["@every 10ms", "2024-05-01T10:00:00Z", "2024-05-01T10:00:01Z"],
    ["TZ=Asia/Tokyo 0 9 * * *", "2024-05-01T10:00:00Z", "2024-05-02T00:00:00Z"],
    ["CRON_TZ=Asia/Kolkata  30 5 * * *", "2024-05-01T10:00:00Z", "2024-05-02T00:00:00Z"],
  ])("%s after %s", (text, after, expected) => {
    expect(next(text, after)).toBe(expected);
  });

  it.each(["0 0 30 2 *", "0 0 31 4,6,9,11 *", ", * * * *"])("of %s is never", (text) => {
    expect(next(text, "2024-05-01T10:00:00Z")).toBeUndefined();
  });
});

describe("when the clocks change", () => {
  it.each([
    // New York puts them forward at 2:00 on 10 March 2024 (7:00 in UTC) and back at 2:00 on 3 November (6:00).
    ["30 2 * * *", "America/New_York", "2024-03-09T12:00:00Z", ["2024-03-11T06:30", "2024-03-12T06:30"]],
    ["0 3 * * *", "America/New_York", "2024-03-09T12:00:00Z", ["2024-03-10T07:00", "2024-03-11T07:00"]],
    ["0 * 10 3 *", "America/New_York", "2024-03-10T05:30:00Z", ["2024-03-10T06:00", "2024-03-10T07:00"]],
    [
      "30 1 * * *",
      "America/New_York",
      "2024-11-02T12:00:00Z",
      ["2024-11-03T05:30", "2024-11-03T06:30", "2024-11-04T06:30"],
    ],
    ["0 0 * * *", "America/New_York", "2024-11-02T12:00:00Z", ["2024-11-03T04:00", "2024-11-04T05:00"]],
    // Berlin, forward at 2:00 on 31 March 2024 and back at 3:00 on 27 October.
    ["0 0 1 4 *", "Europe/Berlin", "2024-03-01T00:00:00Z", ["2024-03-31T22:00"]],
    ["0 12 * * sun", "Europe/Berlin", "2024-10-25T00:00:00Z", ["2024-10-27T11:00"]],
    // Midnight itself is skipped: Beirut on 31 March 2024, São Paulo on 4 November 2018.
    ["0 0 * * *", "Asia/Beirut", "2024-03-30T12:00:00Z", ["2024-03-31T21:00"]],
    ["0 5 31 3 *", "Asia/Beirut", "2024-03-30T12:00:00Z", ["2024-03-31T02:00"]],
    ["0 1 4 11 *", "America/Sao_Paulo", "2018-11-03T12:00:00Z", ["2018-11-04T03:00"]],
    // Half an hour back at 2:00 on Lord Howe Island.
    ["45 1 7 4 *", "Australia/Lord_Howe", "2024-04-06T00:00:00Z", ["2024-04-06T14:45", "2024-04-06T15:15"]],
    ["0 2 7 4 *", "Australia/Lord_Howe", "2024-04-06T00:00:00Z", ["2024-04-06T15:30"]],
  ])("%s in %s after %s", (text, zone, after, expected) => {
    expect(times(text, zone, after, expected.length)).toEqual(expected);
  });

  it("is every minute of the time that comes twice", () => {
    const day = times("*/20 * 3 11 *", "America/New_York", "2024-11-03T03:59:00Z", 25 * 3);
    expect(day.at(-1)).toBe("2024-11-04T04:40");
  });
});

describe("a schedule is refused", () => {
  it.each([
    ["", "empty spec string"],
    ["* * * *", "expected exactly 5 fields, found 4: [* * * *]"],
    ["TZ=UTC", "expected exactly 5 fields, found 0: []"],
    ["60 * * * *", "end of range (60) above maximum (59): 60"],
    ["* * 0 * *", "beginning of range (0) below minimum (1): 0"],
    ["0 0 * * 7", "end of range (7) above maximum (6): 7"],
    ["5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"],
    ["*/0 * * * *", "step of range should be a positive number: */0"],
    ["1-2-3 * * * *", "too many hyphens: 1-2-3"],
    ["1/2/3 * * * *", "too many slashes: 1/2/3"],
    ["* * * * monx", 'failed to parse int from monx: strconv.Atoi: parsing "monx": invalid syntax'],
    ["-5 * * * *", 'failed to parse int from : strconv.Atoi: parsing "": invalid syntax'],
    ["*/-5 * * * *", "negative number (-5) not allowed: -5"],
    [
      "99999999999999999999 * * * *",
      'failed to parse int from 99999999999999999999: strconv.Atoi: parsing "99999999999999999999": value out of range',
    ],
    ["@hourlyx", "unrecognized descriptor: @hourlyx"],
    ["@every x", 'failed to parse duration @every x: time: invalid duration "x"'],
    ["@every 5", 'failed to parse duration @every 5: time: missing unit in duration "5"'],
    ["@every 1h5d", 'failed to parse duration @every 1h5d: time: unknown unit "d" in duration "1h5d"'],
    ["TZ=Mars/Base * * * * *", "provided bad location Mars/Base: unknown time zone Mars/Base"],
    ["CRON_TZ=../x * * * * *", "provided bad location ../x: time: invalid location name"],
  ])("%s", (text, message) => {
    expect(() => parseCronSchedule(text)).toThrow(
      expect.objectContaining({ kind: "InvalidArgument", message }),
    );
  });
});
