import { DURATION, INT, STRING, TIMESTAMP } from "../types/cel-type.ts";
import { isError } from "../values/cel-error.ts";
import type { CelDuration, CelTimestamp } from "../values/time.ts";
import { inTimeZone, type LocalTime } from "../values/time-zone.ts";
import type { Result } from "../values/value.ts";
import { type CelFunction, fn, memberOverload } from "./declaration.ts";

type Part = (time: LocalTime) => number;

/** Time of day and calendar of a timestamp, in UTC or in a zone that is named. */
function timestampOverloads(name: string, part: Part, zonedName = `${name}_with_tz`) {
  const read = (timestamp: CelTimestamp, zone: string): Result => {
    const time = inTimeZone(timestamp.nanos, zone);
    return isError(time) ? time : BigInt(part(time));
  };
  return [
    memberOverload(`timestamp_to_${name}`, [TIMESTAMP], INT, ([time]) => read(time as CelTimestamp, "UTC")),
    memberOverload(`timestamp_to_${zonedName}`, [TIMESTAMP, STRING], INT, ([time, zone]) =>
      read(time as CelTimestamp, zone as string),
    ),
  ];
}

function durationOverload(name: string, nanosPerUnit: bigint) {
  return memberOverload(
    `duration_to_${name}`,
    [DURATION],
    INT,
    ([duration]) => (duration as CelDuration).nanos / nanosPerUnit,
  );
}

/** `getHours()` and its like. */
export const TIME_FUNCTIONS: CelFunction[] = [
  fn(
    "getFullYear",
    timestampOverloads("year", (time) => time.year),
  ),
  fn(
    "getMonth",
    timestampOverloads("month", (time) => time.month - 1),
  ),
  fn(
    "getDayOfYear",
    timestampOverloads("day_of_year", (time) => time.dayOfYear),
  ),
  fn(
    "getDayOfMonth",
    timestampOverloads("day_of_month", (time) => time.day - 1),
  ),
  fn(
    "getDate",
    timestampOverloads("day_of_month_1_based", (time) => time.day),
  ),
  fn(
    "getDayOfWeek",
    timestampOverloads("day_of_week", (time) => time.dayOfWeek),
  ),
  fn("getHours", [
    ...timestampOverloads("hours", (time) => time.hour),
    durationOverload("hours", 3_600_000_000_000n),
  ]),
  fn("getMinutes", [
    ...timestampOverloads("minutes", (time) => time.minute),
    durationOverload("minutes", 60_000_000_000n),
  ]),
  fn("getSeconds", [
    ...timestampOverloads("seconds", (time) => time.second, "seconds_tz"),
    durationOverload("seconds", 1_000_000_000n),
  ]),
  fn("getMilliseconds", [
    ...timestampOverloads("milliseconds", (time) => time.millisecond),
    durationOverload("milliseconds", 1_000_000n),
  ]),
];
