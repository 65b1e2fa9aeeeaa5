import { timeZoneProblem, WallClock } from "../../../formats/index.ts";
import { CelError } from "./cel-error.ts";

/** A point in time as clocks and calendars of a zone show it. */
export interface LocalTime {
  year: number;
  /** From 1. */
  month: number;
  /** From 1. */
  day: number;
  hour: number;
  minute: number;
  second: number;
  millisecond: number;
  /** From 0, which is Sunday. */
  dayOfWeek: number;
  /** From 0. */
  dayOfYear: number;
}

const OFFSET = /^([+-]?)(\d+):([+-]?\d+)$/;

/** A point in time (nanoseconds since 1970) in a zone by name (`Europe/Berlin`) or offset (`+02:00`). */
export function inTimeZone(nanos: bigint, zone: string): LocalTime | CelError {
  const ms = Number(nanos / 1_000_000n - (nanos % 1_000_000n < 0n ? 1n : 0n));
  const offsetMs = zone.includes(":") ? numericOffset(zone) : namedOffset(ms, zone);
  return typeof offsetMs === "number" ? localTime(ms + offsetMs) : offsetMs;
}

function numericOffset(zone: string): number | CelError {
  const match = OFFSET.exec(zone);
  if (match === null) {
    const [hours, minutes] = zone.split(/:(.*)/s);
    const bad = /^[+-]?\d+$/.test(hours!) ? minutes : hours;
    return new CelError(`strconv.Atoi: parsing ${JSON.stringify(bad)}: invalid syntax`);
  }
  const [, sign, hours, minutes] = match;
  const isNegative = sign === "-";
  const total = Number(hours) * (isNegative ? -60 : 60) + Number(minutes) * (isNegative ? -1 : 1);
  return total * 60_000;
}

function namedOffset(ms: number, zone: string): number | CelError {
  if (zone === "" || zone === "UTC") return 0;
  const problem = timeZoneProblem(zone);
  if (problem !== undefined) return new CelError(problem);
  return new WallClock(zone).shownAt(ms) - Math.floor(ms / 1000) * 1000;
}

function localTime(ms: number): LocalTime {
  const date = new Date(ms);
  const newYear = new Date(ms);
  newYear.setUTCMonth(0, 1);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    millisecond: date.getUTCMilliseconds(),
    dayOfWeek: date.getUTCDay(),
    dayOfYear: Math.round((date.getTime() - newYear.getTime()) / 86_400_000),
  };
}
