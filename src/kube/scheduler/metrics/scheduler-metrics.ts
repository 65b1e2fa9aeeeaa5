import type { Clock } from "../../../base/index.ts";
import { counter, gauge, Histogram, histogram, label } from "../../../formats/index.ts";
import type { Point, PointStatus, PointTimer } from "../point-timer.ts";
import { EventMetrics, type QueueName } from "./event-metrics.ts";
import { PluginMetrics } from "./plugin-metrics.ts";
import { exponential, HistogramSeries, NumberSeries } from "./series.ts";

const ATTEMPT_BOUNDS = exponential(0.001, 2, 15);
const SLI_BOUNDS = exponential(0.01, 2, 20);
const POINT_BOUNDS = exponential(0.0001, 2, 12);
/** More attempts than that are one series. */
const MANY_ATTEMPTS = 15;

export type AttemptResult = "scheduled" | "unschedulable" | "error";
/** Of waiting pods: who refused them, by plugin and profile. */
export type RefusedBy = Iterable<{ plugin: string; profile: string }>;

export interface SchedulerGauges {
  pending: Record<QueueName, number>;
  refused: RefusedBy;
  /** Events that are kept for the pods that are being tried, by their label; and these pods. */
  inFlight: Iterable<string>;
  cache: { nodes: number; pods: number; assumed_pods: number };
}

/** What is told of scheduling, by upstream's names (scheduler/metrics). */
export class SchedulerMetrics {
  readonly events: EventMetrics;
  readonly #plugins = new PluginMetrics();
  readonly #clock: Clock;
  readonly #attempts = new Map<string, number>();
  readonly #attemptSeconds = new Map<string, Histogram>();
  readonly #algorithmSeconds = new Histogram(ATTEMPT_BOUNDS);
  readonly #sliSeconds = new Map<string, Histogram>();
  readonly #podAttempts = new Histogram(exponential(1, 2, 5));
  readonly #pointSeconds = new HistogramSeries(["extension_point", "profile", "status"], POINT_BOUNDS);
  readonly #victims = new Histogram(exponential(1, 2, 7));
  readonly #preemptionSeconds = new HistogramSeries(["result"], SLI_BOUNDS);
  readonly #preemptionRuns = new NumberSeries("result");
  #binding = 0;
  #preemptions = 0;
  #gauges: (() => SchedulerGauges) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.events = new EventMetrics(clock);
  }

  /** Where the present figures come from, once there is a scheduler. */
  read(gauges: () => SchedulerGauges): void {
    this.#gauges = gauges;
  }

  /** Takes the times of one profile's points and plugins. */
  timerOf(profile: string): PointTimer {
    const plugins = this.#plugins;
    const nowMs = () => this.#clock.monotonicMs();
    const took = (point: Point, status: PointStatus, sinceMs: number) =>
      this.#pointSeconds.observe((nowMs() - sinceMs) / 1000, point, profile, status);
    return {
      measure: (point, work, statusOf) => {
        const startMs = nowMs();
        const result = work();
        took(point, statusOf?.(result) ?? "Success", startMs);
        return result;
      },
      begin: (point) => {
        const startMs = nowMs();
        return (status) => took(point, status, startMs);
      },
      isSampled: () => plugins.isSampled(),
      measurePlugin: (point, plugin, work, statusOf) => {
        const startMs = nowMs();
        const result = work();
        plugins.took((nowMs() - startMs) / 1000, point, plugin, statusOf?.(result) ?? "Success");
        return result;
      },
      evaluated: (point, { name }, count) => plugins.evaluated(count, point, name, profile),
    };
  }

  attempted(profile: string, result: AttemptResult, sinceMs: number): void {
    const labels = `${label("profile", profile)},${label("result", result)}`;
    this.#attempts.set(`{${labels}}`, (this.#attempts.get(`{${labels}}`) ?? 0) + 1);
    seriesIn(this.#attemptSeconds, labels, ATTEMPT_BOUNDS).observe(this.#secondsSince(sinceMs));
  }

  decided(sinceMs: number): void {
    this.#algorithmSeconds.observe(this.#secondsSince(sinceMs));
  }

  /** The pod has its node, after so many attempts since it came into the queue. */
  scheduled(attempts: number, enteredMs: number): void {
    const text = attempts >= MANY_ATTEMPTS ? `${MANY_ATTEMPTS}+` : String(attempts);
    seriesIn(this.#sliSeconds, label("attempts", text), SLI_BOUNDS).observe(this.#secondsSince(enteredMs));
    this.#podAttempts.observe(attempts);
  }

  preemptionTried(): void {
    this.#preemptions++;
  }

  preempted(victims: number): void {
    this.#victims.observe(victims);
  }

  /** The victims were told to go, or could not be. */
  preemptionWritten(result: "success" | "error", sinceMs: number): void {
    this.#preemptionSeconds.observe(this.#secondsSince(sinceMs), result);
    this.#preemptionRuns.add(1, result);
  }

  bindingBegan(): void {
    this.#binding++;
  }

  bindingEnded(): void {
    this.#binding--;
  }

  /** In Prometheus' text form. */
  lines(): string[] {
    const { pending, cache, refused = [], inFlight = [] } = this.#gauges?.() ?? {};
    return [
      ...counter(
        "scheduler_schedule_attempts_total",
        "Attempts to schedule pods, by the result.",
        this.#attempts,
      ),
      ...histogram(
        "scheduler_scheduling_attempt_duration_seconds",
        "Time of an attempt, with the binding.",
        this.#attemptSeconds,
      ),
      ...histogram("scheduler_scheduling_algorithm_duration_seconds", "Time of the choice of a node.", [
        ["", this.#algorithmSeconds],
      ]),
      ...histogram(
        "scheduler_pod_scheduling_sli_duration_seconds",
        "Time from a pod's entry into the queue until it is bound.",
        this.#sliSeconds,
      ),
      ...histogram("scheduler_pod_scheduling_attempts", "Attempts until a pod was bound.", [
        ["", this.#podAttempts],
      ]),
      ...histogram(
        "scheduler_framework_extension_point_duration_seconds",
        "Time of all plugins of an extension point.",
        this.#pointSeconds.all(),
      ),
      ...counter("scheduler_preemption_attempts_total", "Attempts to drive out other pods.", [
        ["", this.#preemptions],
      ]),
      ...histogram("scheduler_preemption_victims", "Pods that were driven out for another one.", [
        ["", this.#victims],
      ]),
      ...histogram(
        "scheduler_preemption_goroutines_duration_seconds",
        "Time until all victims of a pod were told to go.",
        this.#preemptionSeconds.all(),
      ),
      ...counter(
        "scheduler_preemption_goroutines_execution_total",
        "Pods whose victims were told to go.",
        this.#preemptionRuns.all(),
      ),
      ...gauge("scheduler_goroutines", "Work under way beside the search for nodes.", [
        [`{${label("operation", "binding")}}`, this.#binding],
      ]),
      ...this.#plugins.lines(),
      ...this.events.lines(counted(inFlight, (event) => [label("event", event)])),
      ...gauge("scheduler_pending_pods", "Pods that wait, by queue.", labelled("queue", pending)),
      ...gauge(
        "scheduler_unschedulable_pods",
        "Pods that wait, by the plugins that refused them.",
        counted(refused, ({ plugin, profile }) => [label("plugin", plugin), label("profile", profile)]),
      ),
      ...gauge("scheduler_cache_size", "What the scheduler keeps in mind.", labelled("type", cache)),
      ...gauge("scheduler_scheduler_cache_size", "The same by its name of old.", labelled("type", cache)),
    ];
  }

  #secondsSince(ms: number): number {
    return (this.#clock.monotonicMs() - ms) / 1000;
  }
}

function seriesIn(all: Map<string, Histogram>, labels: string, bounds: readonly number[]): Histogram {
  const known = all.get(labels);
  if (known) return known;
  const series = new Histogram(bounds);
  all.set(labels, series);
  return series;
}

const labelled = (name: string, values: Record<string, number> = {}): Record<string, number> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [`{${label(name, key)}}`, value]));

function counted<T>(all: Iterable<T>, labelsOf: (one: T) => string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const one of all) {
    const labels = `{${labelsOf(one).join(",")}}`;
    counts.set(labels, (counts.get(labels) ?? 0) + 1);
  }
  return counts;
}
