import { counter, gauge, Histogram, histogram, label } from "../formats/index.ts";
import type { Outcome } from "./proxy-exchange.ts";

const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Rules come and go: series of more are one. */
const MAX_RULES = 2000;

/** What is told of the requests that have passed, in Prometheus' text form. */
export class ProxyMetrics {
  readonly #requests = new Map<string, number>();
  readonly #seconds = new Map<string, Histogram>();
  open = 0;

  count({ rule, status }: Outcome, seconds: number): void {
    const name = this.#seconds.has(label("rule", rule)) || this.#seconds.size < MAX_RULES ? rule : "other";
    const ofRule = label("rule", name);
    const key = `{${ofRule},${label("code", String(status))}}`;
    this.#requests.set(key, (this.#requests.get(key) ?? 0) + 1);
    const times = this.#seconds.get(ofRule) ?? new Histogram(BOUNDS);
    this.#seconds.set(ofRule, times);
    times.observe(seconds);
  }

  lines(): string[] {
    return [
      ...counter(
        "gantry_ingress_requests_total",
        "Requests from outside, by rule and status.",
        this.#requests,
      ),
      ...histogram(
        "gantry_ingress_request_duration_seconds",
        "Time from a request's head to the end of its answer.",
        this.#seconds,
      ),
      ...gauge("gantry_ingress_requests_in_flight", "Requests under way.", [["", this.open]]),
    ];
  }
}
