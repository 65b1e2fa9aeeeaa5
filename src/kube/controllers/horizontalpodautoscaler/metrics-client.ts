import { errorMessage } from "../../../base/index.ts";
import { parseGoDuration, quantityMilliValue } from "../../../formats/index.ts";
import {
  type PodMetrics as PodMetricsObject,
  podMetrics,
  timeMs,
  type V2CrossVersionObjectReference,
  type V2MetricIdentifier,
} from "../../api/index.ts";
import type { KubeClient } from "../../client/index.ts";
import type { PodMetrics } from "./pod-metrics.ts";

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
  ofPods(metric: V2MetricIdentifier, namespace: string, selector: string): Promise<PodMetrics>;
  /** A metric of one object, in thousandths. */
  ofObject(
    metric: V2MetricIdentifier,
    namespace: string,
    object: V2CrossVersionObjectReference,
  ): Promise<number>;
  /** All values of a metric that is of no object here, in thousandths. */
  external(metric: V2MetricIdentifier, namespace: string): Promise<number[]>;
}

const NANOSECONDS = 1e6;

/** Reads metrics.k8s.io; the other two APIs are served by nobody. */
export function createMetricsClient(client: KubeClient): MetricsClient {
  return {
    async resource(resource, namespace, labelSelector, container) {
      const items = await listPodMetrics(client, namespace, labelSelector);
      if (items.length === 0) throw new Error("no metrics returned from resource metrics API");
      const found: PodMetrics = new Map();
      for (const { metadata, containers, timestamp, window } of items) {
        const wanted = containers.filter(({ name }) => container === undefined || name === container);
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
    ofPods: async () => refuseCustom(),
    ofObject: async () => refuseCustom(),
    external: async ({ name }) => {
      const why = `the server could not find the requested resource (get ${name}.external.metrics.k8s.io)`;
      throw new Error(`unable to fetch metrics from external metrics API: ${why}`);
    },
  };
}

function refuseCustom(): never {
  throw new Error(
    "unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered",
  );
}

async function listPodMetrics(client: KubeClient, namespace: string, labelSelector: string) {
  try {
    return (await client.list<PodMetricsObject>(podMetrics, { namespace, labelSelector })).items;
  } catch (error) {
    throw new Error(`unable to fetch metrics from resource metrics API: ${errorMessage(error)}`);
  }
}
