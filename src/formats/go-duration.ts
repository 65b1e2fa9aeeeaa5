const UNIT_NS: Record<string, bigint> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
/** More digits than this are none of a nanosecond. */
const MAX_FRACTION_DIGITS = 18;
const MAX_NS = 2n ** 63n - 1n;

/** Exact nanoseconds of a duration as Go writes it (`1h30m`, `1.5s`, `-2ms`, `0`), or undefined when it is none or does not fit into 64 bits. */
export function parseGoDurationExactly(text: string): bigint | undefined {
  const match = /^([+-]?)(.*)$/s.exec(text)!;
  const body = match[2]!;
  if (body === "0") return 0n;
  if (!/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(body)) return undefined;
  let total = 0n;
  for (const [, whole, fraction = "", unit] of body.matchAll(/(\d*)\.?(\d*)(ns|us|µs|μs|ms|s|m|h)/g)) {
    const digits = fraction.slice(0, MAX_FRACTION_DIGITS);
    const scale = UNIT_NS[unit!]!;
    total += BigInt(whole || "0") * scale + (BigInt(digits || "0") * scale) / 10n ** BigInt(digits.length);
  }
  const isNegative = match[1] === "-";
  if (total > MAX_NS + (isNegative ? 1n : 0n)) return undefined;
  return isNegative ? -total : total;
}

/** Nanoseconds of a duration as Go writes it, or undefined when it is none. */
export function parseGoDuration(text: string): number | undefined {
  const exact = parseGoDurationExactly(text);
  return exact === undefined ? undefined : Number(exact);
}

/** What Go's time.ParseDuration says of a text that is no duration; undefined for one that is. */
export function goDurationProblem(text: string): string | undefined {
  const quoted = JSON.stringify(text);
  const nanoseconds = parseGoDuration(text);
  if (nanoseconds !== undefined && Math.abs(nanoseconds) < 2 ** 63) return undefined;
  let rest = text.replace(/^[+-]/, "");
  while (rest !== "") {
    const amount = /^\d*\.?\d*/.exec(rest)![0];
    if (!/\d/.test(amount)) break;
    rest = rest.slice(amount.length);
    const unit = /^[^.\d]*/.exec(rest)![0];
    if (unit === "") return `time: missing unit in duration ${quoted}`;
    if (UNIT_NS[unit] === undefined)
      return `time: unknown unit ${JSON.stringify(unit)} in duration ${quoted}`;
    rest = rest.slice(unit.length);
  }
  return `time: invalid duration ${quoted}`;
}

/** A span of at most some hours as Go's Duration.String writes it: `1m15.25s`, `500ms`, `0s`. */
export function goDurationText(ms: number): string {
  if (ms < 0) return `-${goDurationText(-ms)}`;
  if (ms < 1000) return ms === 0 ? "0s" : `${ms}ms`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor(ms / 60_000) % 60;
  const seconds = `${(ms % 60_000) / 1000}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}
