import type { Clock, WorkQueueObserver } from "../../../base/index.ts";
import { counter, gauge, Histogram, histogram, label } from "../../../formats/index.ts";

/** Upper bounds in seconds, from 10 nanoseconds on (component-base/metrics/prometheus/workqueue). */
const BOUNDS = Array.from({ length: 10 }, (_, index) => Number(`1e${index - 8}`));

/** What upstream calls the queues of controllers whose own names are others. */
const UPSTREAM_NAMES: Readonly<Record<string, string>> = {
  "bootstrap-signer": "bootstrap_signer_queue",
  "clusterrole-aggregation": "ClusterRoleAggregator",
  csrapproving: "certificate",
  csrsigning: "certificate-signing",
  endpoints: "endpoint",
  endpointslice: "endpoint_slice",
  "endpointslice-mirroring": "endpoint_slice_mirroring",
  "ephemeral-volume": "ephemeral_volume",
  "garbage-collector": "garbage_collector_attempt_to_delete",
  "horizontal-pod-autoscaler": "horizontalpodautoscaler",
  "node-lifecycle": "node_lifecycle_controller",
  "persistentvolume-binder": "claims",
  "pv-protection": "pvprotection",
  "pvc-protection": "pvcprotection",
  replication: "replicationmanager",
  resourcequota: "resourcequota_primary",
  "resourcequota-uncounted": "resourcequota_priority",
  "root-ca": "root_ca_cert_publisher",
  "service-lb": "service",
  "serviceaccount-token": "serviceaccount_tokens_secret",
  "service-cidrs": "networking-service-cidr-controller",
  "token-cleaner": "token_cleaner",
  ttl: "ttlcontroller",
  "ttl-after-finished": "ttl_jobs_to_delete",
  "validating-admission-policy-status": "validatingadmissionpolicy-status",
  "volume-expand": "volume_expand",
};

class QueueFigures implements WorkQueueObserver {
  readonly #clock: Clock;
  /** When each key came that waits, and when each began that is worked on. */
  readonly #addedMs = new Map<string, number>();
  readonly startedMs = new Map<string, number>();
  readonly waited = new Histogram(BOUNDS);
  readonly worked = new Histogram(BOUNDS);
  adds = 0;
  retries = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get depth(): number {
    return this.#addedMs.size;
  }

  added(key: string): void {
    this.adds++;
    this.#addedMs.set(key, this.#clock.monotonicMs());
  }

  started(key: string): void {
    const nowMs = this.#clock.monotonicMs();
    this.waited.observe((nowMs - (this.#addedMs.get(key) ?? nowMs)) / 1000);
    this.#addedMs.delete(key);
    this.startedMs.set(key, nowMs);
  }

  finished(key: string): void {
    const nowMs = this.#clock.monotonicMs();
    this.worked.observe((nowMs - (this.startedMs.get(key) ?? nowMs)) / 1000);
    this.startedMs.delete(key);
  }

  retried(): void {
    this.retries++;
  }
}

/** What is told of the controllers' queues, by upstream's names. */
export class WorkqueueMetrics {
  readonly #clock: Clock;
  readonly #queues = new Map<string, QueueFigures>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes the figures of a controller's queue. */
  of(controller: string): WorkQueueObserver {
    const name = UPSTREAM_NAMES[controller] ?? controller;
    const figures = this.#queues.get(name) ?? new QueueFigures(this.#clock);
    this.#queues.set(name, figures);
    return figures;
  }

  /** In Prometheus' text form. */
  lines(): string[] {
    const queues = [...this.#queues].map(([name, figures]) => ({ name: label("name", name), figures }));
    const each = (value: (figures: QueueFigures) => number) =>
      queues.map(({ name, figures }): [string, number] => [`{${name}}`, value(figures)]);
    const series = (of: (figures: QueueFigures) => Histogram) =>
      queues.map(({ name, figures }): [string, Histogram] => [name, of(figures)]);
    const nowMs = this.#clock.monotonicMs();
    const seconds = ({ startedMs }: QueueFigures) => [...startedMs.values()].map((ms) => (nowMs - ms) / 1000);
    return [
      ...gauge(
        "workqueue_depth",
        "Keys that wait.",
        each(({ depth }) => depth),
      ),
      ...counter(
        "workqueue_adds_total",
        "Keys that came.",
        each(({ adds }) => adds),
      ),
      ...counter(
        "workqueue_retries_total",
        "Keys that failed and come again.",
        each(({ retries }) => retries),
      ),
      ...histogram(
        "workqueue_queue_duration_seconds",
        "Time that keys waited.",
        series(({ waited }) => waited),
      ),
      ...histogram(
        "workqueue_work_duration_seconds",
        "Time that keys were worked on.",
        series(({ worked }) => worked),
      ),
      ...gauge(
        "workqueue_unfinished_work_seconds",
        "Time of all work that is under way.",
        each((figures) => seconds(figures).reduce((sum, one) => sum + one, 0)),
      ),
      ...gauge(
        "workqueue_longest_running_processor_seconds",
        "Time of the work that has been under way for longest.",
        each((figures) => Math.max(0, ...seconds(figures))),
      ),
    ];
  }
}
