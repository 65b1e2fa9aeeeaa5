const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const two = (value: number) => String(value).padStart(2, "0");

const clockOf = (date: Date) => `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;

/** `Jan  2 15:04:05`, in the machine's time zone (RFC 3164 §4.1.2). */
export function stampTime(timestamp: string): string {
  const date = new Date(timestamp);
  return `${MONTHS[date.getMonth()]} ${String(date.getDate()).padStart(2)} ${clockOf(date)}`;
}

/** RFC 3339 in the machine's time zone, with as many digits of the second's fraction. */
export function localTime(timestamp: string, digits: number): string {
  const date = new Date(timestamp);
  const fraction =
    digits > 0 ? `.${(/\.(\d+)/.exec(timestamp)?.[1] ?? "").padEnd(digits, "0").slice(0, digits)}` : "";
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${clockOf(date)}${fraction}${offsetOf(date)}`;
}

function offsetOf(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  if (minutes === 0) return "Z";
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${two(Math.trunc(size / 60))}:${two(size % 60)}`;
}
