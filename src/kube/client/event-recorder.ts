import {
  AsyncQueue,
  type Clock,
  errorMessage,
  isGantryError,
  type Logger,
  rfc3339Seconds,
  systemClock,
} from "../../base/index.ts";
import type { KubeObject } from "../api/types.ts";
import type { KubeClient, ResourceRef } from "./types.ts";

/** What an event is about: an object of the API, or as much of one as is known. */
export interface EventSubject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; uid?: string; resourceVersion?: string };
}

/** Writes Events, the lines at the end of `kubectl describe`. Never throws and never makes its caller wait. */
export interface EventRecorder {
  event(
    subject: EventSubject,
    type: "Normal" | "Warning",
    reason: string,
    message: string,
    /** Part of the object: `spec.containers{web}`. */
    fieldPath?: string,
  ): void;
  /** Takes no more events and resolves when those that wait are written or given up. */
  stop(): Promise<void>;
}

export interface EventRecorderOptions {
  client: KubeClient;
  /** `kubelet`, `deployment-controller`: the From column. */
  component: string;
  /** The node, for parts that run on one. */
  host?: string;
  logger: Logger;
  clock?: Clock;
}

/** Events of one burst beyond this are dropped and logged, as upstream's broadcaster does. */
const QUEUE_LIMIT = 1000;
const REMEMBERED_EVENTS = 4096;
/** client-go's spam filter: an object may have 25 events at once, then one each five minutes. */
const BURST = 25;
const REFILL_MS = 300_000;

const EVENTS: ResourceRef = { group: "", version: "v1", resource: "events", kind: "Event", namespaced: true };

interface Occurrence {
  subject: EventSubject;
  type: string;
  reason: string;
  message: string;
  fieldPath: string | undefined;
  atMs: number;
}

export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const recorder = new QueuedEventRecorder(options);
  return recorder;
}

class QueuedEventRecorder implements EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #clock: Clock;
  readonly #queue = new AsyncQueue<Occurrence>(QUEUE_LIMIT);
  /** Events written before, by what makes two events the same; a repetition raises the count of the first. */
  readonly #written = new Map<string, { name: string; count: number }>();
  readonly #budgets = new Map<string, { tokens: number; atMs: number }>();
  readonly #done: Promise<void>;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#done = this.#writeAll();
  }

  event(
    subject: EventSubject,
    type: "Normal" | "Warning",
    reason: string,
    message: string,
    fieldPath?: string,
  ) {
    if (!this.#withinBudget(subject)) return;
    const atMs = this.#clock.nowMs();
    if (this.#queue.push({ subject, type, reason, message, fieldPath, atMs })) return;
    this.#options.logger.debug("event dropped", { reason, object: subject.metadata.name });
  }

  async stop(): Promise<void> {
    this.#queue.end();
    await this.#done;
  }

  async #writeAll(): Promise<void> {
    for await (const occurrence of this.#queue) {
      try {
        await this.#write(occurrence);
      } catch (error) {
        const { reason, subject } = occurrence;
        // A namespace that is being removed takes no more events; that is no news.
        const expected = isGantryError(error, "NotFound") || isGantryError(error, "PermissionDenied");
        this.#options.logger[expected ? "debug" : "warn"]("cannot write an event", {
          reason,
          object: subject.metadata.name,
          error: errorMessage(error),
        });
      }
    }
  }

  async #write(occurrence: Occurrence): Promise<void> {
    const key = sameEventKey(occurrence);
    const namespace = occurrence.subject.metadata.namespace || "default";
    const known = this.#written.get(key);
    if (known && (await this.#countUp(known, namespace, occurrence))) return;
    const event = this.#newEvent(occurrence, namespace);
    await this.#options.client.create(EVENTS, event);
    remember(this.#written, key, { name: event.metadata.name, count: 1 });
  }

  async #countUp(
    known: { name: string; count: number },
    namespace: string,
    { atMs }: Occurrence,
  ): Promise<boolean> {
    const change = { count: known.count + 1, lastTimestamp: rfc3339Seconds(atMs) };
    try {
      await this.#options.client.patch(EVENTS, namespace, known.name, "merge", change);
    } catch (error) {
      if (isGantryError(error, "NotFound")) return false;
      throw error;
    }
    known.count++;
    return true;
  }

  #newEvent({ subject, type, reason, message, fieldPath, atMs }: Occurrence, namespace: string) {
    const { component, host } = this.#options;
    const { name, uid, resourceVersion } = subject.metadata;
    const timestamp = rfc3339Seconds(atMs);
    return {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name: `${name}.${this.#uniqueSuffix(atMs)}`, namespace },
      involvedObject: {
        kind: subject.kind,
        namespace: subject.metadata.namespace,
        name,
        uid,
        apiVersion: subject.apiVersion,
        resourceVersion,
        fieldPath,
      },
      reason,
      message,
      source: { component, host },
      firstTimestamp: timestamp,
      lastTimestamp: timestamp,
      count: 1,
      type,
      eventTime: null,
      reportingComponent: component,
      reportingInstance: host ?? "",
    } satisfies Omit<KubeObject, "metadata"> & { metadata: Partial<KubeObject["metadata"]> };
  }

  /** Hex nanoseconds as upstream: the monotonic fraction keeps two events of one millisecond apart. */
  #uniqueSuffix(atMs: number): string {
    const fraction = Math.floor((this.#clock.monotonicMs() % 1) * 1e6);
    return (BigInt(Math.floor(atMs)) * 1_000_000n + BigInt(fraction)).toString(16);
  }

  #withinBudget({ kind, metadata }: EventSubject): boolean {
    const key = `${kind}/${metadata.namespace ?? ""}/${metadata.name}/${metadata.uid ?? ""}`;
    const nowMs = this.#clock.monotonicMs();
    const budget = this.#budgets.get(key) ?? { tokens: BURST, atMs: nowMs };
    budget.tokens = Math.min(BURST, budget.tokens + (nowMs - budget.atMs) / REFILL_MS);
    budget.atMs = nowMs;
    remember(this.#budgets, key, budget);
    if (budget.tokens < 1) return false;
    budget.tokens--;
    return true;
  }
}

function sameEventKey({ subject, type, reason, message, fieldPath }: Occurrence): string {
  const { namespace, name, uid } = subject.metadata;
  return JSON.stringify([
    subject.apiVersion,
    subject.kind,
    namespace,
    name,
    uid,
    type,
    reason,
    message,
    fieldPath,
  ]);
}

/** Keeps the most recently used entries. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > REMEMBERED_EVENTS) map.delete(map.keys().next().value!);
}
