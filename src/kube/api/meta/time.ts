import { invalidArgument } from "../../../base/index.ts";

const RFC3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:[.,](\d+))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;
const TIME_LAYOUT = "2006-01-02T15:04:05Z07:00";
const MICRO_TIME_LAYOUT = "2006-01-02T15:04:05.000000Z07:00";

export interface TimeParts {
  /** Since the epoch; negative before it. */
  seconds: number;
  nanos: number;
}

/** Reads an RFC 3339 timestamp. Throws InvalidArgument with the message of Go's time.Parse, roughly. */
export function parseTimeParts(text: string, isMicroTime = false): TimeParts {
  const match = RFC3339.exec(text);
  const seconds = match === null ? Number.NaN : secondsOf(match);
  if (Number.isNaN(seconds)) {
    const layout = isMicroTime ? MICRO_TIME_LAYOUT : TIME_LAYOUT;
    throw invalidArgument(
      `parsing time ${JSON.stringify(text)} as ${JSON.stringify(layout)}: ${misfit(text)}`,
    );
  }
  return { seconds, nanos: Number((match![7] ?? "").slice(0, 9).padEnd(9, "0")) };
}

function secondsOf(match: RegExpExecArray): number {
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const ms = Date.UTC(year, month - 1, day, hour, minute, second);
  const date = new Date(ms);
  const isReal =
    date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  if (!isReal) return Number.NaN;
  const offset = match[8] === undefined ? 0 : Number(match[9]) * 3600 + Number(match[10]) * 60;
  return ms / 1000 - (match[8] === "-" ? -offset : offset);
}

/** The tail of Go's message: from where on the text does not fit. */
function misfit(text: string): string {
  const elements: [RegExp, string][] = [
    [/^\d{4}/, "2006"],
    [/^-/, "-"],
    [/^\d{2}/, "01"],
    [/^-/, "-"],
    [/^\d{2}/, "02"],
    [/^T/, "T"],
    [/^\d{2}/, "15"],
    [/^:/, ":"],
    [/^\d{2}/, "04"],
    [/^:/, ":"],
    [/^\d{2}(?:[.,]\d+)?/, "05"],
    [/^(?:Z|[+-]\d{2}:\d{2})$/, "Z07:00"],
  ];
  let rest = text;
  for (const [pattern, name] of elements) {
    const match = pattern.exec(rest);
    if (match === null) return `cannot parse ${JSON.stringify(rest)} as ${JSON.stringify(name)}`;
    rest = rest.slice(match[0].length);
  }
  return "out of range";
}

/** The form of metav1.Time (seconds) or metav1.MicroTime (six digits), always in UTC. */
export function formatTime(seconds: number, nanos: number, isMicroTime: boolean): string {
  const text = new Date(seconds * 1000).toISOString().slice(0, 19);
  return isMicroTime ? `${text}.${String(Math.floor(nanos / 1000)).padStart(6, "0")}Z` : `${text}Z`;
}

/** The canonical text of a timestamp from a client: UTC, seconds (or microseconds) only. */
export function canonicalTime(text: string, isMicroTime: boolean): string {
  const { seconds, nanos } = parseTimeParts(text, isMicroTime);
  return formatTime(seconds, nanos, isMicroTime);
}

/** Milliseconds since the epoch of a timestamp in an object; NaN for none. */
export function timeMs(text: string | null | undefined): number {
  return text === undefined || text === null || text === "" ? Number.NaN : Date.parse(text);
}
