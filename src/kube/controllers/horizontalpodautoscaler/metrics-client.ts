import { errorMessage } from "../../../base/index.ts";
import { parseGoDuration, quantityMilliValue } from "../../../formats/index.ts";
import {
  type PodMetrics as PodMetricsObject,
  podMetrics,
  timeMs,
  type V2CrossVersionObjectReference,
} from "../../api/index.ts";
import type { KubeClient } from "../../client/index.ts";
import type { CustomMetricsClient } from "./custom-metrics-client.ts";
import type { PodMetrics } from "./pod-metrics.ts";

/** A metric by its name and the text of the selector of its labels; without one it is the sum over all of them. */
export interface MetricQuery {
  name: string;
  selector: string;
}

/** Where an autoscaler's figures come from; each throws what the autoscaler then tells. */
export interface MetricsClient {
  /** Of the pods that a selector selects; of one container where that is named. */
  resource(
    resource: string,
    namespace: string,
    selector: string,
    container: string | undefined,
  ): Promise<PodMetrics>;
  /** A metric of each of these pods. */
  ofPods(metric: MetricQuery, namespace: string, selector: string): Promise<PodMetrics>;
  /** A metric of one object, in thousandths. */
  ofObject(metric: MetricQuery, namespace: string, object: V2CrossVersionObjectReference): Promise<number>;
  /** All values of a metric that is of no object here, in thousandths. */
  external(metric: MetricQuery, namespace: string): Promise<number[]>;
}

const NANOSECONDS = 1e6;

/** Reads metrics.k8s.io, custom.metrics.k8s.io and external.metrics.k8s.io (podautoscaler/metrics/client.go). */
export function createMetricsClient(client: KubeClient, custom: CustomMetricsClient): MetricsClient {
  return {
    async resource(resource, namespace, labelSelector, container) {
      const items = await listPodMetrics(client, namespace, labelSelector);
      if (items.length === 0) throw new Error("no metrics returned from resource metrics API");
      const found: PodMetrics = new Map();
      for (const { metadata, containers, timestamp, window } of items) {
        const wanted = containers.filter(({ name }) => container === undefined || name === container);
        if (container !== undefined && wanted.length === 0) throw noSuchContainer(container, metadata);
        const usages = wanted.map(({ usage }) => (usage as Record<string, string>)[resource]);
        if (usages.length === 0 || usages.includes(undefined)) continue;
        found.set(metadata.name, {
          atMs: timeMs(timestamp),
          windowMs: (parseGoDuration(window) ?? 0) / NANOSECONDS,
          milliValue: usages.reduce((sum, usage) => sum + quantityMilliValue(usage!), 0),
        });
      }
      return found;
    },
    ofPods: (metric, namespace, selector) =>
      from("custom", async () => {
        const found = await custom.ofPods(metric, namespace, selector);
        if (found.size === 0) throw new NoMetrics("no metrics returned from custom metrics API");
        return found;
      }),
    ofObject: (metric, namespace, object) => from("custom", () => custom.ofObject(metric, namespace, object)),
    external: (metric, namespace) =>
      from("external", async () => {
        const values = await custom.external(metric, namespace);
        if (values.length === 0) throw new NoMetrics("no metrics returned from external metrics API");
        return values;
      }),
  };
}

/** There was an answer, and nothing in it. */
class NoMetrics extends Error {}

async function from<T>(api: "resource" | "custom" | "external", read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof NoMetrics) throw error;
    throw new Error(`unable to fetch metrics from ${api} metrics API: ${errorMessage(error)}`);
  }
}

function noSuchContainer(container: string, { namespace, name }: PodMetricsObject["metadata"]): Error {
  const which = `container ${container} not present in metrics for pod ${namespace}/${name}`;
  return new Error(`failed to get container metrics: ${which}`);
}

function listPodMetrics(client: KubeClient, namespace: string, labelSelector: string) {
  return from(
    "resource",
    async () => (await client.list<PodMetricsObject>(podMetrics, { namespace, labelSelector })).items,
  );
}
