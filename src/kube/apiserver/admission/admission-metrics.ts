import { Histogram, histogram, label } from "../../../formats/index.ts";
import type { AdmissionRequest } from "./admission.ts";

/** Upper bounds in seconds (apiserver_admission_step_admission_duration_seconds). */
const BOUNDS = [0.005, 0.025, 0.1, 0.5, 1, 2.5];

export type AdmissionStep = "admit" | "validate";

/** How long all plugins together take, in each of their two rounds. */
export class AdmissionMetrics {
  readonly #series = new Map<string, Histogram>();

  observe(step: AdmissionStep, { operation }: AdmissionRequest, isRejected: boolean, seconds: number): void {
    const key = `${step} ${operation} ${isRejected}`;
    let series = this.#series.get(key);
    if (!series) {
      series = new Histogram(BOUNDS);
      this.#series.set(key, series);
    }
    series.observe(seconds);
  }

  lines(): string[] {
    const series = [...this.#series].map(([key, values]): [string, Histogram] => {
      const [type = "", operation = "", rejected = ""] = key.split(" ");
      return [
        [label("operation", operation), label("rejected", rejected), label("type", type)].join(","),
        values,
      ];
    });
    return histogram(
      "apiserver_admission_step_admission_duration_seconds",
      "Time of a step of admission.",
      series,
    );
  }
}
