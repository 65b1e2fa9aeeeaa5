import type { Clock } from "../../../base/index.ts";
import { counter, gauge, histogram } from "../../../formats/index.ts";
import { exponential, HistogramSeries, NumberSeries } from "./series.ts";

export type QueueName = "active" | "backoff" | "unschedulable" | "gated";
export type Hint = "Queue" | "QueueSkip";

/** What is told of the cluster's events, and of what they do to waiting pods. */
export class EventMetrics {
  readonly #clock: Clock;
  readonly #handling = new HistogramSeries(["event"], exponential(0.0001, 2, 12));
  readonly #hints = new HistogramSeries(["event", "hint", "plugin"], exponential(0.00001, 1.5, 20));
  readonly #incoming = new NumberSeries("event", "queue");

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes the time of what an event brings with it. */
  handle(event: string, work: () => void): void {
    const startMs = this.#clock.monotonicMs();
    work();
    this.#handling.observe((this.#clock.monotonicMs() - startMs) / 1000, event);
  }

  /** Takes the time of a plugin's answer whether an event may help a pod. */
  askHint(plugin: string, event: string, ask: () => boolean): boolean {
    const startMs = this.#clock.monotonicMs();
    const helps = ask();
    const hint: Hint = helps ? "Queue" : "QueueSkip";
    this.#hints.observe((this.#clock.monotonicMs() - startMs) / 1000, event, hint, plugin);
    return helps;
  }

  /** A pod came into a queue, by an event as upstream labels it. */
  incoming(queue: QueueName, cause: string): void {
    this.#incoming.add(1, cause, queue);
  }

  lines(inFlight: Iterable<readonly [labels: string, value: number]>): string[] {
    return [
      ...histogram(
        "scheduler_event_handling_duration_seconds",
        "Time that an event of the cluster takes.",
        this.#handling.all(),
      ),
      ...histogram(
        "scheduler_queueing_hint_execution_duration_seconds",
        "Time of a plugin's answer whether an event may help a pod.",
        this.#hints.all(),
      ),
      ...counter(
        "scheduler_queue_incoming_pods_total",
        "Pods that came into a queue, by the event that brought them there.",
        this.#incoming.all(),
      ),
      ...gauge("scheduler_inflight_events", "Events kept for pods that are being tried.", inFlight),
    ];
  }
}
