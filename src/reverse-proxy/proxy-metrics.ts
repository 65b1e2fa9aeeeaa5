import { counter, gauge, Histogram, histogram, label } from "../formats/index.ts";
import type { Outcome } from "./proxy-exchange.ts";

const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Rules come and go: series of more are one. */
const MAX_RULES = 2000;

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

  lines(): string[] {
    const rules = [...this.#rules.values()];
    const requests = rules.flatMap(({ label: ofRule, byStatus }) =>
      [...byStatus].map(
        ([status, count]) => [`{${ofRule},${label("code", String(status))}}`, count] as const,
      ),
    );
    return [
      ...counter(
        "gantry_ingress_requests_total",
        "Requests from outside, by rule and status.",
        new Map(requests),
      ),
      ...histogram(
        "gantry_ingress_request_duration_seconds",
        "Time from a request's head to the end of its answer.",
        new Map(rules.map((counted) => [counted.label, counted.seconds])),
      ),
      ...gauge("gantry_ingress_requests_in_flight", "Requests under way.", [["", this.open]]),
    ];
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
