import { type Clock, errorMessage, isGantryError, type Logger, WorkQueue } from "../../base/index.ts";
import type { KindSource } from "../api/index.ts";
import type { EventRecorder, Informer, InformerFactory, KubeClient } from "../client/index.ts";
import type { WorkqueueMetrics } from "./metrics/workqueue-metrics.ts";

/** What every controller is given; each has a client with its own identity. */
export interface ControllerDependencies {
  client: KubeClient;
  informers: InformerFactory;
  recorder: EventRecorder;
  logger: Logger;
  clock: Clock;
  /** What is served, for those who look after objects of every kind. */
  kinds: KindSource;
  /** How many keys are worked on at once, where that is not left to the controller. */
  concurrency?: number;
  /** Takes the figures of queues. */
  queueMetrics?: WorkqueueMetrics;
}

/** Puts a key on the queue, now or after a delay. */
export type Enqueue = (key: string, delayMs?: number) => void;

/** A controller: what it watches, and how one key is brought to its declared state. */
export interface ControllerDefinition {
  name: string;
  /** Must have synced before the first key is worked on. */
  // biome-ignore lint/suspicious/noExplicitAny: informers of any kind
  informers: readonly Informer<any>[];
  /** Subscribes to the informers and says which keys an event concerns. */
  watch(enqueue: Enqueue): (() => void)[];
  /** Idempotent; knows keys, not events. Failures are retried with back-off. */
  reconcile(key: string, enqueue: Enqueue): Promise<void>;
  concurrency?: number;
}

export interface Controller {
  readonly name: string;
  run(signal: AbortSignal): Promise<void>;
}

/** Runs a definition: waits for its informers, works its queue until the signal aborts. */
export function createController(
  definition: ControllerDefinition,
  dependencies: Pick<ControllerDependencies, "logger" | "clock" | "concurrency" | "queueMetrics">,
): Controller {
  const logger = dependencies.logger.with({ controller: definition.name });
  return {
    name: definition.name,
    async run(signal) {
      const observer = dependencies.queueMetrics?.of(definition.name);
      const queue = new WorkQueue((key) => definition.reconcile(key, enqueue), {
        concurrency: dependencies.concurrency ?? definition.concurrency ?? 5,
        clock: dependencies.clock,
        ...(observer ? { observer } : {}),
        onError: (key, error, failures) => {
          if (signal.aborted) return;
          const conflict = isGantryError(error, "Conflict") || isGantryError(error, "NotFound");
          const level = conflict && failures < 5 ? "debug" : "warn";
          logger[level]("reconcile failed, will retry", { key, failures, error: errorMessage(error) });
        },
      });
      const enqueue: Enqueue = (key, delayMs = 0) => queue.addAfter(key, delayMs);
      try {
        await Promise.all(definition.informers.map((informer) => informer.synced(signal)));
      } catch (error) {
        if (signal.aborted) return;
        throw error;
      }
      const subscriptions = definition.watch(enqueue);
      if (!signal.aborted) {
        await new Promise<void>((resolve) =>
          signal.addEventListener("abort", () => resolve(), { once: true }),
        );
      }
      for (const unsubscribe of subscriptions) unsubscribe();
      await queue.stop();
    },
  };
}
