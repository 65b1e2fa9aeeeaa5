import type { PrometheusSample } from "../../formats/index.ts";

/** What one series was at some moments, the latest last. */
interface Series {
  labels: Readonly<Record<string, string>>;
  timesMs: number[];
  values: number[];
}

interface Metric {
  series: Map<string, Series>;
  /** In place of its values it tells how fast they grow. */
  isRate: boolean;
}

export interface SeriesValue {
  labels: Readonly<Record<string, string>>;
  value: number;
  atMs: number;
  windowMs?: number;
}

/** What a counter's growth a second is called: `http_requests_total` is told as `http_requests_per_second`, too. */
export const rateName = (counter: string): string => `${counter.replace(/_total$/, "")}_per_second`;

/** What one target told within a window of time. */
export class TargetSamples {
  readonly #windowMs: number;
  #metrics = new Map<string, Metric>();
  #count = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** How many series there are. */
  get count(): number {
    return this.#count;
  }

  /** Takes what was read at a moment; what is not in it has ended. */
  record(samples: Iterable<PrometheusSample>, atMs: number): void {
    const metrics = new Map<string, Metric>();
    const counters = new Map<string, Metric>();
    let count = 0;
    for (const sample of samples) {
      if (isPartOfDistribution(sample)) continue;
      const { name, labels } = sample;
      const metric = metrics.get(name) ?? { series: new Map(), isRate: false };
      metrics.set(name, metric);
      const key = JSON.stringify(labels);
      // Of one that comes twice the first counts.
      if (metric.series.has(key)) continue;
      const known = this.#metrics.get(name)?.series.get(key);
      metric.series.set(key, this.#grown(known, sample, atMs));
      count++;
      if (isCounter(sample)) counters.set(rateName(name), { series: metric.series, isRate: true });
    }
    for (const [name, metric] of counters) if (!metrics.has(name)) metrics.set(name, metric);
    this.#metrics = metrics;
    this.#count = count;
  }

  names(nowMs: number): string[] {
    return [...this.#metrics.keys()].filter((name) => this.values(name, nowMs).length > 0);
  }

  /** Of each series of a metric the value, as long as it is not too old. */
  values(name: string, nowMs: number): SeriesValue[] {
    const metric = this.#metrics.get(name);
    if (!metric) return [];
    const values: SeriesValue[] = [];
    for (const series of metric.series.values()) {
      const atMs = series.timesMs.at(-1)!;
      if (nowMs - atMs > this.#windowMs) continue;
      if (!metric.isRate) values.push({ labels: series.labels, value: series.values.at(-1)!, atMs });
      else if (series.timesMs.length > 1) values.push(rateOf(series));
    }
    return values;
  }

  #grown(known: Series | undefined, { labels, value }: PrometheusSample, atMs: number): Series {
    if (!known) return { labels: Object.fromEntries(labels), timesMs: [atMs], values: [value] };
    const first = known.timesMs.findIndex((then) => atMs - then <= this.#windowMs);
    const from = first < 0 ? known.timesMs.length : first;
    return {
      labels: known.labels,
      timesMs: [...known.timesMs.slice(from), atMs],
      values: [...known.values.slice(from), value],
    };
  }
}

/** A counter that is lower than before has begun again from zero. */
function rateOf({ labels, timesMs, values }: Series): SeriesValue {
  let growth = 0;
  for (let index = 1; index < values.length; index++) {
    const [before, after] = [values[index - 1]!, values[index]!];
    growth += after < before ? after : after - before;
  }
  const atMs = timesMs.at(-1)!;
  const windowMs = atMs - timesMs[0]!;
  return { labels, value: windowMs > 0 ? (growth * 1000) / windowMs : 0, atMs, windowMs };
}

/** Buckets and quantiles: a sum of them says nothing. */
function isPartOfDistribution({ name, labels, type }: PrometheusSample): boolean {
  if (type === "summary") return labels.some(([label]) => label === "quantile");
  return name.endsWith("_bucket") && labels.some(([label]) => label === "le");
}

function isCounter({ name, type }: PrometheusSample): boolean {
  if (type === "counter") return !name.endsWith("_created");
  if (type === "histogram" || type === "summary") return /_(sum|count)$/.test(name);
  return type === "untyped" && name.endsWith("_total");
}
