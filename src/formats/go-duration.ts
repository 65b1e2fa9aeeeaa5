const UNIT_NS: Record<string, number> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** Nanoseconds of a duration as Go writes it (`1h30m`, `1.5s`, `-2ms`, `0`), or undefined when it is none. */
export function parseGoDuration(text: string): number | undefined {
  const match = /^([+-]?)(.*)$/.exec(text)!;
  const body = match[2]!;
  if (body === "0") return 0;
  if (!/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(body)) return undefined;
  let total = 0;
  for (const [, amount, unit] of body.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    total += Number(amount) * UNIT_NS[unit!]!;
  }
  const rounded = Math.round(total);
  return match[1] === "-" ? -rounded : rounded;
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
