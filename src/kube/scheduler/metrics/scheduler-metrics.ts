import type { Clock } from "../../../base/index.ts";
import { counter, gauge, Histogram, histogram, label } from "../../../formats/index.ts";
import type { Point, PointStatus, PointTimer } from "../point-timer.ts";

const exponential = (first: number, factor: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => first * factor ** index);

const ATTEMPT_BOUNDS = exponential(0.001, 2, 15);
const SLI_BOUNDS = exponential(0.01, 2, 20);
const POINT_BOUNDS = exponential(0.0001, 2, 12);
/** More attempts than that are one series. */
const MANY_ATTEMPTS = 15;

export type AttemptResult = "scheduled" | "unschedulable" | "error";
export type QueueName = "active" | "backoff" | "unschedulable" | "gated";

/** Why a pod came into a queue: an event, as upstream labels it. */
export type QueueCause = string;

export interface SchedulerGauges {
  pending: Record<QueueName, number>;
  cache: { nodes: number; pods: number; assumed_pods: number };
}

/** What is told of scheduling, by upstream's names (scheduler/metrics). */
export class SchedulerMetrics {
  readonly #clock: Clock;
  readonly #attempts = new Map<string, number>();
  readonly #attemptSeconds = new Map<string, Histogram>();
  readonly #algorithmSeconds = new Histogram(ATTEMPT_BOUNDS);
  readonly #sliSeconds = new Map<string, Histogram>();
  readonly #podAttempts = new Histogram(exponential(1, 2, 5));
  readonly #pointSeconds = new Map<string, Histogram>();
  readonly #victims = new Histogram(exponential(1, 2, 7));
  readonly #incoming = new Map<string, number>();
  #preemptions = 0;
  #gauges: (() => SchedulerGauges) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Where the present figures come from, once there is a scheduler. */
  read(gauges: () => SchedulerGauges): void {
    this.#gauges = gauges;
  }

  /** Takes the times of one profile's points. */
  timerOf(profile: string): PointTimer {
    const clock = this.#clock;
    const ofPoints = new Map<string, Histogram>();
    const seriesOf = (point: Point, status: PointStatus): Histogram => {
      const key = `${point} ${status}`;
      const known = ofPoints.get(key);
      if (known) return known;
      const parts = [label("extension_point", point), label("profile", profile), label("status", status)];
      const series = seriesIn(this.#pointSeconds, parts.join(","), POINT_BOUNDS);
      ofPoints.set(key, series);
      return series;
    };
    return {
      measure: (point, work, statusOf) => {
        const startMs = clock.monotonicMs();
        const result = work();
        const seconds = (clock.monotonicMs() - startMs) / 1000;
        seriesOf(point, statusOf?.(result) ?? "Success").observe(seconds);
        return result;
      },
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

  incoming(queue: QueueName, cause: QueueCause): void {
    const labels = `{${label("event", cause)},${label("queue", queue)}}`;
    this.#incoming.set(labels, (this.#incoming.get(labels) ?? 0) + 1);
  }

  /** In Prometheus' text form. */
  lines(): string[] {
    const { pending, cache } = this.#gauges?.() ?? {};
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
        this.#pointSeconds,
      ),
      ...counter("scheduler_preemption_attempts_total", "Attempts to drive out other pods.", [
        ["", this.#preemptions],
      ]),
      ...histogram("scheduler_preemption_victims", "Pods that were driven out for another one.", [
        ["", this.#victims],
      ]),
      ...counter(
        "scheduler_queue_incoming_pods_total",
        "Pods that came into a queue, by the event that brought them there.",
        this.#incoming,
      ),
      ...gauge("scheduler_pending_pods", "Pods that wait, by queue.", labelled("queue", pending)),
      ...gauge(
        "scheduler_scheduler_cache_size",
        "What the scheduler keeps in mind.",
        labelled("type", cache),
      ),
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
