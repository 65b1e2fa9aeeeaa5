const NANOS_PER_SECOND = 1_000_000_000n;

/** A point in time: nanoseconds since 1970 UTC, from the year 1 to 9999. */
export class CelTimestamp {
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    this.nanos = nanos;
  }

  get seconds(): bigint {
    return floorDivide(this.nanos, NANOS_PER_SECOND);
  }
}

/** A span of nanoseconds in 64 bits. */
export class CelDuration {
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}

const MIN_SECONDS = -62_135_596_800n;
const MAX_SECONDS = 253_402_300_799n;

export function isTimestampInRange(nanos: bigint): boolean {
  const seconds = floorDivide(nanos, NANOS_PER_SECOND);
  return seconds >= MIN_SECONDS && seconds <= MAX_SECONDS;
}

const RFC3339 =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{1,2}):(\d{2}):(\d{2})(?:[.,](\d+))?(?:Z|([+-])(\d{2}):(\d{2}))$/;

/** Nanoseconds since 1970 of a time as Go's `time.RFC3339` reads it, or undefined. */
export function parseRfc3339(text: string): bigint | undefined {
  const match = RFC3339.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const [, , , , , , , fraction = "", sign, offsetHours = "0", offsetMinutes = "0"] = match;
  if (Number(offsetHours) > 24 || Number(offsetMinutes) > 60) return undefined;
  const offset = (Number(offsetHours) * 60 + Number(offsetMinutes)) * (sign === "-" ? -1 : 1);
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute - offset, second);
  return BigInt(date.getTime()) * 1_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, "0"));
}

function daysInMonth(year: number, month: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month, 0);
  return date.getUTCDate();
}

/** As Go's `time.RFC3339Nano` writes it, in UTC. */
export function formatTimestamp({ nanos, seconds }: CelTimestamp): string {
  const fraction = nanos - seconds * NANOS_PER_SECOND;
  const date = new Date(Number(seconds) * 1000).toISOString().replace(/\.000Z$/, "");
  const plain = date.startsWith("+") || date.startsWith("-") ? date.slice(3) : date;
  if (fraction === 0n) return `${plain}Z`;
  return `${plain}.${String(fraction).padStart(9, "0").replace(/0+$/, "")}Z`;
}
