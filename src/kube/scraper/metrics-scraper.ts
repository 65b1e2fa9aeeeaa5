import { type Clock, errorMessage, type Logger, type ServiceContext, WorkQueue } from "../../base/index.ts";
import { type EndpointSlice, endpointSlices, type Pod, pods, type Service, services } from "../api/index.ts";
import type { Informer, InformerFactory, MetricName, MetricSeries, MetricSource } from "../client/index.ts";
import { readTarget } from "./read-target.ts";
import { isScraped, targetsOfPod, targetsOfService } from "./scrape-target.ts";
import { TargetSamples } from "./target-samples.ts";
import { TargetTable } from "./target-table.ts";

export interface MetricsScraperOptions {
  informers: InformerFactory;
  logger: Logger;
  clock: Clock;
  /** How many targets are read at once; as many that did not answer at their last time come beside them. */
  concurrency?: number;
}

const PERIOD_MS = 10_000;
/** For so long a value is told, and over so long a counter's growth is looked at. */
const WINDOW_MS = 60_000;
const LIMITS = { timeoutMs: 5000, sizeBytes: 4 * 2 ** 20, samples: 5000 };
const MAX_SERIES = 100_000;
const CONCURRENCY = 16;
const BY_SERVICE = "scraper/service";
const SERVICE_NAME_LABEL = "kubernetes.io/service-name";

interface Lanes {
  queue: WorkQueue;
  doubtful: WorkQueue;
}

const keyOf = ({ metadata }: Pod | Service) => `${metadata.namespace}/${metadata.name}`;

/** Reads the metrics of pods that ask for it by their own annotations or those of their Services. */
export class MetricsScraper implements MetricSource {
  readonly #options: MetricsScraperOptions;
  readonly #pods: Informer<Pod>;
  readonly #services: Informer<Service>;
  readonly #slices: Informer<EndpointSlice>;
  readonly #table = new TargetTable();
  readonly #samples = new Map<string, TargetSamples>();
  readonly #failing = new Set<string>();

  constructor(options: MetricsScraperOptions) {
    const { informers } = options;
    this.#options = options;
    this.#pods = informers.informer<Pod>(pods);
    this.#services = informers.informer<Service>(services);
    this.#slices = informers.informer<EndpointSlice>(endpointSlices);
    this.#slices.addIndex(BY_SERVICE, (slice) => serviceOf(slice) ?? []);
  }

  async run({ signal, ready }: ServiceContext): Promise<void> {
    const { clock, concurrency = CONCURRENCY } = this.#options;
    // Who does not answer is waited for beside the others, and not before them.
    const [queue, doubtful] = [0, 1].map(
      () => new WorkQueue((key) => this.#readAgain(key, signal, { queue, doubtful }), { concurrency, clock }),
    ) as [WorkQueue, WorkQueue];
    const subscriptions = this.#subscribe(queue);
    ready();
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener("abort", () => resolve(), { once: true });
    });
    for (const unsubscribe of subscriptions) unsubscribe();
    await Promise.all([queue.stop(), doubtful.stop()]);
  }

  names(): readonly MetricName[] {
    const nowMs = this.#options.clock.nowMs();
    const found = new Map<string, boolean>();
    for (const [key, samples] of this.#samples) {
      const isOfService = this.#table.servicesOf(key).length > 0;
      for (const name of samples.names(nowMs)) found.set(name, isOfService || found.get(name) === true);
    }
    return [...found].map(([name, isOfService]) => ({ name, isOfService })).sort(byName);
  }

  series(namespace: string, metric: string): readonly MetricSeries[] {
    const nowMs = this.#options.clock.nowMs();
    const found: MetricSeries[] = [];
    for (const [key, samples] of this.#samples) {
      const target = this.#table.get(key);
      if (target?.namespace !== namespace) continue;
      const values = samples.values(metric, nowMs);
      if (values.length === 0) continue;
      const by = { pod: target.pod, services: this.#table.servicesOf(key) };
      for (const value of values) found.push({ ...by, ...value });
    }
    return found;
  }

  #subscribe(queue: WorkQueue): (() => void)[] {
    const ofPod = (pod: Pod) => this.#set(`pod/${keyOf(pod)}`, targetsOfPod(pod), queue);
    const ofService = (service: Service | undefined) => {
      if (!service || !isScraped(service)) return;
      const slices = this.#slices.byIndex(BY_SERVICE, keyOf(service));
      this.#set(`service/${keyOf(service)}`, targetsOfService(service, slices), queue);
    };
    const forget = (owner: string) => this.#set(owner, [], queue);
    const ofSlice = (slice: EndpointSlice) => {
      for (const key of serviceOf(slice) ?? []) ofService(this.#services.get(key));
    };
    return [
      this.#pods.subscribe({
        onAdd: ofPod,
        onUpdate: (pod, previous) => {
          if (isScraped(pod) || isScraped(previous)) ofPod(pod);
        },
        onDelete: (pod) => forget(`pod/${keyOf(pod)}`),
      }),
      this.#services.subscribe({
        onAdd: ofService,
        onUpdate: (service) => {
          if (isScraped(service)) ofService(service);
          else forget(`service/${keyOf(service)}`);
        },
        onDelete: (service) => forget(`service/${keyOf(service)}`),
      }),
      this.#slices.subscribe({ onAdd: ofSlice, onUpdate: ofSlice, onDelete: ofSlice }),
    ];
  }

  #set(owner: string, targets: ReturnType<typeof targetsOfPod>, queue: WorkQueue): void {
    const { added, removed } = this.#table.set(owner, targets);
    for (const key of added) queue.add(key);
    for (const key of removed) this.#forget(key);
  }

  #forget(key: string): void {
    this.#samples.delete(key);
    this.#failing.delete(key);
  }

  async #readAgain(key: string, signal: AbortSignal, { queue, doubtful }: Lanes): Promise<void> {
    const startedMs = this.#options.clock.monotonicMs();
    await this.#read(key, signal);
    if (!this.#table.get(key)) return;
    const tookMs = this.#options.clock.monotonicMs() - startedMs;
    (this.#failing.has(key) ? doubtful : queue).addAfter(key, Math.max(0, PERIOD_MS - tookMs));
  }

  async #read(key: string, signal: AbortSignal): Promise<void> {
    const target = this.#table.get(key);
    if (!target) return;
    const { clock, logger } = this.#options;
    try {
      // Endpoints can be written by hand: only what a pod has is its own.
      const podIps = this.#pods.get(`${target.namespace}/${target.pod}`)?.status?.podIPs ?? [];
      if (!podIps.some(({ ip }) => ip === target.host)) return this.#forget(key);
      const samples = await readTarget(target, LIMITS, { clock, signal });
      if (this.#table.get(key) === target) this.#record(key, samples);
      this.#failing.delete(key);
    } catch (error) {
      if (signal.aborted || this.#failing.has(key) || !this.#table.get(key)) return;
      this.#failing.add(key);
      logger.warn("metrics cannot be read", { target: key, error: errorMessage(error) });
    }
  }

  #record(key: string, samples: Awaited<ReturnType<typeof readTarget>>): void {
    const known = this.#samples.get(key) ?? new TargetSamples(WINDOW_MS);
    let others = 0;
    for (const [other, { count }] of this.#samples) if (other !== key) others += count;
    if (others + samples.length > MAX_SERIES)
      throw new Error(`there are more than ${MAX_SERIES} series of all targets together`);
    known.record(samples, this.#options.clock.nowMs());
    this.#samples.set(key, known);
  }
}

function serviceOf({ metadata }: EndpointSlice): [string] | undefined {
  const name = metadata.labels?.[SERVICE_NAME_LABEL];
  return name ? [`${metadata.namespace}/${name}`] : undefined;
}

const byName = (a: MetricName, b: MetricName) => (a.name < b.name ? -1 : 1);
