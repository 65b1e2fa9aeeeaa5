import { counter, gauge, label } from "../../../formats/index.ts";

/** What became of each health check, for `/metrics/slis` (component-base metrics/prometheus/slis). */
export class HealthSlis {
  readonly #last = new Map<string, number>();
  readonly #counts = new Map<string, number>();

  /** `type` is the endpoint: `livez`, `readyz`, `healthz`. */
  count(name: string, type: string, isHealthy: boolean): void {
    const labels = (status?: string) =>
      `{${[label("name", name), ...(status ? [label("status", status)] : []), label("type", type)].join(",")}}`;
    this.#last.set(labels(), isHealthy ? 1 : 0);
    const counted = labels(isHealthy ? "success" : "error");
    this.#counts.set(counted, (this.#counts.get(counted) ?? 0) + 1);
  }

  text(): string {
    return [
      ...gauge(
        "kubernetes_healthcheck",
        "[STABLE] This metric records the result of a single healthcheck.",
        this.#last,
      ),
      ...counter(
        "kubernetes_healthchecks_total",
        "[STABLE] This metric records the results of all healthcheck.",
        this.#counts,
      ),
      "",
    ].join("\n");
  }
}
