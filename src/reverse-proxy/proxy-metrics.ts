import { counter, gauge, Histogram, histogram, label } from "../formats/index.ts";
import type { Outcome } from "./proxy-exchange.ts";

const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Rules come and go: series of more are one. */
const MAX_RULES = 2000;

/** As it goes from one thread to another. */
export interface ProxyCounts {
  open: number;
  rules: {
    /** `rule="…"` */
    label: string;
    byStatus: Map<number, number>;
    seconds: Pick<Histogram, "buckets" | "count" | "sum">;
  }[];
}

interface OfARule {
  /** As a label: `rule="…"`. */
  label: string;
  byStatus: Map<number, number>;
  seconds: Histogram;
}

/** What is told of the requests that have passed, in Prometheus' text form. */
export class ProxyMetrics {
  readonly #rules = new Map<string, OfARule>();
  open = 0;

  count({ rule, status }: Outcome, seconds: number): void {
    const counted = this.#rules.get(rule) ?? this.#begin(rule);
    counted.byStatus.set(status, (counted.byStatus.get(status) ?? 0) + 1);
    counted.seconds.observe(seconds);
  }

  counts(): ProxyCounts {
    const rules = [...new Set(this.#rules.values())].map(({ label, byStatus, seconds }) => ({
      ...{ label, byStatus },
      seconds: { buckets: seconds.buckets, count: seconds.count, sum: seconds.sum },
    }));
    return { open: this.open, rules };
  }

  lines(): string[] {
    return metricLines([this.counts()]);
  }

  #begin(rule: string): OfARule {
    const name = this.#rules.size < MAX_RULES ? rule : "other";
    const counted = this.#rules.get(name) ?? {
      label: label("rule", name),
      byStatus: new Map(),
      seconds: new Histogram(BOUNDS),
    };
    this.#rules.set(name, counted);
    return counted;
  }
}

/** In Prometheus' text form, of all who have counted. */
export function metricLines(all: readonly ProxyCounts[]): string[] {
  const requests = new Map<string, number>();
  const seconds = new Map<string, Histogram>();
  for (const rule of all.flatMap(({ rules }) => rules)) {
    for (const [status, count] of rule.byStatus) {
      const key = `{${rule.label},${label("code", String(status))}}`;
      requests.set(key, (requests.get(key) ?? 0) + count);
    }
    const times = seconds.get(rule.label) ?? new Histogram(BOUNDS);
    seconds.set(rule.label, times);
    times.add(rule.seconds);
  }
  const open = all.reduce((sum, one) => sum + one.open, 0);
  return [
    ...counter("gantry_ingress_requests_total", "Requests from outside, by rule and status.", requests),
    ...histogram(
      "gantry_ingress_request_duration_seconds",
      "Time from a request's head to the end of its answer.",
      seconds,
    ),
    ...gauge("gantry_ingress_requests_in_flight", "Requests under way.", [["", open]]),
  ];
}
