/** Counts values by upper bounds, which are in ascending order. */
export class Histogram {
  readonly bounds: readonly number[];
  /** How many values were at most the bound. */
  readonly buckets: number[];
  count = 0;
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.buckets = bounds.map(() => 0);
  }

  observe(value: number): void {
    this.count++;
    this.sum += value;
    for (let index = this.bounds.length - 1; index >= 0 && value <= this.bounds[index]!; index--)
      this.buckets[index]!++;
  }

  /** What another one with the same bounds has seen. */
  add({ buckets, count, sum }: Pick<Histogram, "buckets" | "count" | "sum">): void {
    this.count += count;
    this.sum += sum;
    for (const [index, value] of buckets.entries()) this.buckets[index]! += value;
  }
}

/** `name="value"`, with what would end the value exchanged. */
export function label(name: string, value: string): string {
  return `${name}="${value.replace(/[\\"\n]/g, "_")}"`;
}

/** Values by their labels (`{a="b"}`, or empty), with the time of their measurement where that was another than now (ms). */
export type MetricValue = readonly [labels: string, value: number, atMs?: number];
type Values = Iterable<MetricValue>;

export function counter(name: string, help: string, values: Values): string[] {
  return family(name, "counter", help, samples(name, values));
}

export function gauge(name: string, help: string, values: Values | Record<string, number>): string[] {
  const pairs = Symbol.iterator in values ? (values as Values) : Object.entries(values);
  return family(name, "gauge", help, samples(name, pairs));
}

/** `labels` without the braces; series without values are left out. */
export function histogram(
  name: string,
  help: string,
  all: Iterable<readonly [labels: string, Histogram]>,
): string[] {
  const lines: string[] = [];
  for (const [labels, { count, sum, buckets, bounds }] of all) {
    if (count === 0) continue;
    const more = labels === "" ? "" : `${labels},`;
    const of = labels === "" ? "" : `{${labels}}`;
    for (const [index, value] of buckets.entries())
      lines.push(`${name}_bucket{${more}le="${boundText(bounds[index]!)}"} ${value}`);
    lines.push(`${name}_bucket{${more}le="+Inf"} ${count}`);
    lines.push(`${name}_sum${of} ${sum}`, `${name}_count${of} ${count}`);
  }
  return family(name, "histogram", help, lines);
}

function samples(name: string, values: Values): string[] {
  return [...values].map(
    ([labels, value, atMs]) => `${name}${labels} ${value}${atMs === undefined ? "" : ` ${atMs}`}`,
  );
}

function family(name: string, type: string, help: string, lines: readonly string[]): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines];
}

/** Small ones as Go writes them: `1e-08`. */
function boundText(bound: number): string {
  if (bound === 0 || Math.abs(bound) >= 1e-4) return `${bound}`;
  const [digits, exponent = ""] = bound.toExponential().split("e-");
  return `${digits}e-${exponent.padStart(2, "0")}`;
}
