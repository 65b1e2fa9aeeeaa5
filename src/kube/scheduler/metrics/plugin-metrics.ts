import { counter, histogram } from "../../../formats/index.ts";
import type { PluginStatus, Point } from "../point-timer.ts";
import { exponential, HistogramSeries, NumberSeries } from "./series.ts";

/** Of so many attempts the plugins' times are taken in one, as upstream does. */
const SAMPLED_EACH = 10;

/** What is told of single plugins. */
export class PluginMetrics {
  readonly #seconds = new HistogramSeries(
    ["extension_point", "plugin", "status"],
    exponential(0.00001, 1.5, 20),
  );
  readonly #evaluations = new NumberSeries("extension_point", "plugin", "profile");
  #attempts = 0;

  /** Whether the plugins' times are taken in the attempt that begins. */
  isSampled(): boolean {
    return this.#attempts++ % SAMPLED_EACH === 0;
  }

  took(seconds: number, point: Point, plugin: string, status: PluginStatus): void {
    this.#seconds.observe(seconds, point, plugin, status);
  }

  evaluated(count: number, point: Point, plugin: string, profile: string): void {
    if (count > 0) this.#evaluations.add(count, point, plugin, profile);
  }

  lines(): string[] {
    return [
      ...histogram(
        "scheduler_plugin_execution_duration_seconds",
        "Time of a plugin at an extension point, in some of the attempts.",
        this.#seconds.all(),
      ),
      ...counter(
        "scheduler_plugin_evaluation_total",
        "How often a plugin was asked, at PreFilter, Filter, PreScore and Score.",
        this.#evaluations.all(),
      ),
    ];
  }
}
