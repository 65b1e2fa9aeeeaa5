import { quantityMilliValue } from "../../../formats/index.ts";
import {
  type APIService,
  type ApiObject,
  groupKindText,
  groupResourceText,
  type KindSource,
  parseApiVersion,
  type ResourceRef,
  timeMs,
  type V2CrossVersionObjectReference,
} from "../../api/index.ts";
import type { Informer, KubeClient } from "../../client/index.ts";
import type { MetricQuery, MetricsClient } from "./metrics-client.ts";
import type { PodMetrics } from "./pod-metrics.ts";

/** As both versions tell it; of a v1beta1 the metric's name is told elsewhere, which nobody reads here. */
interface CustomValues extends ApiObject {
  items: {
    describedObject: { name: string };
    timestamp: string;
    windowSeconds?: number;
    value: string;
  }[];
}

interface ExternalValue extends ApiObject {
  value: string;
}

export type CustomMetricsClient = Pick<MetricsClient, "ofPods" | "ofObject" | "external">;

const CUSTOM = "custom.metrics.k8s.io";
const EXTERNAL: Omit<ResourceRef, "resource"> = {
  group: "external.metrics.k8s.io",
  version: "v1beta1",
  kind: "ExternalMetricValueList",
  namespaced: true,
};
/** Preferred first (k8s.io/metrics custom_metrics.MetricVersions). */
const VERSIONS = ["v1beta2", "v1beta1"];
/** Of a value that says nothing of its time (metricServerDefaultMetricWindow). */
const USUAL_WINDOW_MS = 60_000;

export interface CustomMetricsSources {
  client: KubeClient;
  kinds: KindSource;
  apiServices: Informer<APIService>;
}

/** Reads custom.metrics.k8s.io and external.metrics.k8s.io of whoever answers for them (k8s.io/metrics/pkg/client). */
export function createCustomMetricsClient(sources: CustomMetricsSources): CustomMetricsClient {
  const { client, kinds } = sources;
  const get = (
    resource: string,
    namespace: string,
    name: string,
    options: { subresource?: string; labelSelector?: string; metricLabelSelector?: string },
  ): Promise<CustomValues> => {
    const kind = "MetricValueList";
    const ref = { group: CUSTOM, version: versionOf(sources), kind, resource, namespaced: true };
    return client.get<CustomValues>(ref, namespace, name, options);
  };
  return {
    async ofPods({ name, selector }, namespace, labelSelector) {
      const options = { subresource: name, labelSelector, metricLabelSelector: selector };
      const { items } = await get("pods", namespace, "*", options);
      const found: PodMetrics = new Map();
      for (const { describedObject, timestamp, windowSeconds, value } of items) {
        found.set(describedObject.name, {
          atMs: timeMs(timestamp),
          windowMs: windowSeconds === undefined ? USUAL_WINDOW_MS : windowSeconds * 1000,
          milliValue: quantityMilliValue(value),
        });
      }
      return found;
    },
    async ofObject({ name, selector: metricLabelSelector }, namespace, object) {
      const { group } = parseApiVersion(object.apiVersion ?? "");
      const { items } =
        // Of namespaces there is no other than its own, whatever its name here.
        object.kind === "Namespace" && group === ""
          ? await get("metrics", namespace, name, { metricLabelSelector })
          : await get(resourceOf(kinds, group, object), namespace, object.name, {
              subresource: name,
              metricLabelSelector,
            });
      if (items.length !== 1) {
        const message = `the custom metrics API server returned ${items.length} results when we asked for exactly one`;
        throw new Error(message);
      }
      return quantityMilliValue(items[0]!.value);
    },
    async external({ name, selector: labelSelector }: MetricQuery, namespace) {
      const resource = { ...EXTERNAL, resource: name } as ResourceRef<ExternalValue>;
      const { items } = await client.list(resource, { namespace, labelSelector });
      return items.map(({ value }) => quantityMilliValue(value));
    },
  };
}

function versionOf({ apiServices }: CustomMetricsSources): string {
  const version = VERSIONS.find((one) => apiServices.get(`${one}.${CUSTOM}`));
  if (version === undefined) throw new Error(`no custom metrics API (${CUSTOM}) registered`);
  return version;
}

function resourceOf(kinds: KindSource, group: string, { kind }: V2CrossVersionObjectReference): string {
  const found = kinds.served().find((one) => one.group === group && one.kind === kind);
  if (found) return groupResourceText(found);
  const why = `no matches for kind ${JSON.stringify(kind)} in group ${JSON.stringify(group)}`;
  throw new Error(`unable to map kind ${groupKindText({ group, kind })} to resource: ${why}`);
}
