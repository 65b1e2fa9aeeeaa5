import { invalidArgument } from "../../../base/index.ts";

const TIME_LAYOUT = "2006-01-02T15:04:05Z07:00";
const MICRO_TIME_LAYOUT = "2006-01-02T15:04:05.000000Z07:00";

/** Go's zero time, 0001-01-01T00:00:00Z: it stands for none, and is written as null. */
const ZERO_SECONDS = -62_135_596_800;
/** What JavaScript's dates hold. */
const MAX_SECONDS = 8_640_000_000_000;

export interface TimeParts {
  /** Since the epoch; negative before it. */
  seconds: number;
  nanos: number;
}

type Elements = readonly (readonly [pattern: RegExp, layout: string])[];

const DATE_AND_TIME: Elements = [
  [/^\d{4}/, "2006"],
  [/^-/, "-"],
  [/^\d{2}/, "01"],
  [/^-/, "-"],
  [/^\d{2}/, "02"],
  [/^T/, "T"],
  [/^\d{1,2}/, "15"],
  [/^:/, ":"],
  [/^\d{2}/, "04"],
  [/^:/, ":"],
  [/^\d{2}/, "05"],
];
const ZONE: Elements = [[/^(?:Z|[+-]\d{2}:\d{2})/, "Z07:00"]];
/** A fraction may stand where the layout has none; where it has one, it must be just that. */
const TIME: Elements = [...DATE_AND_TIME, [/^(?:[.,]\d+)?/, ""], ...ZONE];
const MICRO_TIME: Elements = [...DATE_AND_TIME, [/^[.,]\d{6}/, ".000000"], ...ZONE];

/** Reads a timestamp as Go's time.Parse does. Throws InvalidArgument with its message. */
export function parseTimeParts(text: string, isMicroTime = false): TimeParts {
  const parts = split(text, isMicroTime);
  const [year, , month, , day, , hour, , minute, , second, fraction, zone] = parts;
  const date = new Date(0);
  // Not Date.UTC, which takes the years before 100 for those of the last century.
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  const outOfRange = (what: string) =>
    invalidArgument(`parsing time ${JSON.stringify(text)}: ${what} out of range`);
  if (Number(month) < 1 || Number(month) > 12) throw outOfRange("month");
  if (Number(day) < 1 || date.getUTCMonth() !== Number(month) - 1) throw outOfRange("day");
  if (Number(hour) > 23) throw outOfRange("hour");
  if (Number(minute) > 59) throw outOfRange("minute");
  // There are no leap seconds.
  if (Number(second) > 59) throw outOfRange("second");
  const [offsetHours, offsetMinutes] = zone === "Z" ? [0, 0] : zone!.slice(1).split(":").map(Number);
  if (offsetHours! > 24) throw outOfRange("time zone offset hour");
  if (offsetMinutes! > 60) throw outOfRange("time zone offset minute");
  const offset = (offsetHours! * 3600 + offsetMinutes! * 60) * (zone!.startsWith("-") ? -1 : 1);
  const ofDay = Number(hour) * 3600 + Number(minute) * 60 + Number(second);
  return {
    seconds: date.getTime() / 1000 + ofDay - offset,
    nanos: Number(fraction!.slice(1, 10).padEnd(9, "0")),
  };
}

function split(text: string, isMicroTime: boolean): string[] {
  const parts: string[] = [];
  let rest = text;
  const refuse = (why: string) => {
    const layout = isMicroTime ? MICRO_TIME_LAYOUT : TIME_LAYOUT;
    const as = ` as ${JSON.stringify(layout)}`;
    return invalidArgument(`parsing time ${JSON.stringify(text)}${as}: ${why}`);
  };
  for (const [pattern, layout] of isMicroTime ? MICRO_TIME : TIME) {
    const match = pattern.exec(rest);
    if (match === null) throw refuse(`cannot parse ${JSON.stringify(rest)} as ${JSON.stringify(layout)}`);
    parts.push(match[0]);
    rest = rest.slice(match[0].length);
  }
  if (rest === "") return parts;
  throw invalidArgument(`parsing time ${JSON.stringify(text)}: extra text: ${JSON.stringify(rest)}`);
}

/**
 * The form of metav1.Time (seconds) or metav1.MicroTime (six digits), always in UTC; null for Go's zero time. Throws
 * InvalidArgument for times that no date holds.
 */
export function formatTime(seconds: number, nanos: number, isMicroTime: boolean): string | null {
  const whole = seconds + Math.floor(nanos / 1e9);
  const rest = nanos - Math.floor(nanos / 1e9) * 1e9;
  if (!(Math.abs(whole) <= MAX_SECONDS)) throw invalidArgument(`the time ${seconds} s is out of range`);
  if (whole === ZERO_SECONDS && rest === 0) return null;
  const date = new Date(whole * 1000);
  const year = date.getUTCFullYear();
  // Go writes years with at least four digits, and no plus sign.
  const shown = `${year < 0 ? "-" : ""}${String(Math.abs(year)).padStart(4, "0")}`;
  const text = shown + date.toISOString().slice(-20, -5);
  return isMicroTime ? `${text}.${String(Math.floor(rest / 1000)).padStart(6, "0")}Z` : `${text}Z`;
}

/** The canonical text of a timestamp from a client: UTC, seconds (or microseconds) only. Null stands for none. */
export function canonicalTime(text: string, isMicroTime: boolean): string | null {
  const { seconds, nanos } = parseTimeParts(text, isMicroTime);
  return formatTime(seconds, nanos, isMicroTime);
}

/** Milliseconds since the epoch of a timestamp in an object; NaN for none. */
export function timeMs(text: string | null | undefined): number {
  return text === undefined || text === null || text === "" ? Number.NaN : Date.parse(text);
}
