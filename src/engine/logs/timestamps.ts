import { rfc3339Nanos } from "../../base/index.ts";

/** Go's zero time: "never". */
export const NEVER = "0001-01-01T00:00:00Z";

export function timestamp(ms: number): string {
  return rfc3339Nanos(ms);
}

/** Milliseconds of a timestamp; undefined for never. */
export function timestampToMs(text: string): number | undefined {
  return text.startsWith("0001-") ? undefined : Date.parse(text);
}

/** A length of time as Docker words it in `docker ps`. */
export function humanDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(ms / 3_600_000 + 0.5);
  if (seconds < 1) return "Less than a second";
  if (seconds === 1) return "1 second";
  if (seconds < 60) return `${seconds} seconds`;
  if (minutes === 1) return "About a minute";
  if (minutes < 60) return `${minutes} minutes`;
  if (hours === 1) return "About an hour";
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.floor(hours / 24)} days`;
  if (hours < 24 * 30 * 2) return `${Math.floor(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months`;
  return `${Math.floor(ms / 3_600_000 / 24 / 365)} years`;
}
