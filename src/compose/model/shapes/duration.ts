const NANOSECONDS: Record<string, number> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
  d: 24 * 3600e9,
  w: 7 * 24 * 3600e9,
};

/** `1h30m`, with days and weeks too, in nanoseconds (xhit/go-str2duration). */
export function parseDuration(text: string): number {
  const sign = text.startsWith("-") ? -1 : 1;
  const body = text.replace(/^[-+]/, "");
  if (body === "0") return 0;
  const parts = [...body.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h|d|w)/g)];
  if (body === "" || parts.map(([part]) => part).join("") !== body) throw new Error(whyNot(body, text));
  return (
    sign * Math.round(parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * NANOSECONDS[unit!]!, 0))
  );
}

function whyNot(body: string, text: string): string {
  const whole = JSON.stringify(text);
  const unit = /^(?:[\d.]+[a-zµμ]+)*?[\d.]+([^\d.]+)/.exec(body)?.[1];
  if (unit !== undefined && !(unit in NANOSECONDS))
    return `time: unknown unit ${JSON.stringify(unit)} in duration ${whole}`;
  return /\d$/.test(body) ? `time: missing unit in duration ${whole}` : `time: invalid duration ${whole}`;
}

/** As Go writes it: `1h30m0s`, `1.5s`, `100ms`. */
export function formatDuration(nanoseconds: number): string {
  if (nanoseconds === 0) return "0s";
  const sign = nanoseconds < 0 ? "-" : "";
  const value = Math.abs(nanoseconds);
  if (value < 1e3) return `${sign}${value}ns`;
  if (value < 1e6) return `${sign}${value / 1e3}µs`;
  if (value < 1e9) return `${sign}${value / 1e6}ms`;
  const hours = Math.floor(value / 3600e9);
  const minutes = Math.floor((value % 3600e9) / 60e9);
  const seconds = (value % 60e9) / 1e9;
  if (hours > 0) return `${sign}${hours}h${minutes}m${seconds}s`;
  return minutes > 0 ? `${sign}${minutes}m${seconds}s` : `${sign}${seconds}s`;
}
