const UNITS: [names: string[], nanos: bigint][] = [
  [["ns", "nano"], 1n],
  [["us", "µs", "micro"], 1_000n],
  [["ms", "milli"], 1_000_000n],
  [["s", "sec"], 1_000_000_000n],
  [["m", "min"], 60_000_000_000n],
  [["h", "hr", "hour"], 3_600_000_000_000n],
  [["d", "day"], 86_400_000_000_000n],
  [["w", "wk", "week"], 604_800_000_000_000n],
];

/** Nanoseconds of what the format `duration` takes beside Go's notation (`3 days 4 hours`), or undefined. */
export function parseLooseDuration(text: string): bigint | undefined {
  let total: bigint | undefined;
  for (const [, amount, written] of text.matchAll(/(\d+)\s*([A-Za-zµ]+)/g)) {
    const unit = written!.toLowerCase();
    for (const [names, nanos] of UNITS) {
      if (names.includes(unit) || unit.startsWith(names.at(-1)!))
        total = (total ?? 0n) + BigInt(amount!) * nanos;
    }
  }
  return total;
}
