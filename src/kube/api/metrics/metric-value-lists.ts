import type { JsonSchema } from "../custom/json-schema.ts";
import type { KindDefinition } from "../types.ts";
import { computedKind } from "./computed-kind.ts";

const VALUE: Record<string, JsonSchema> = {
  timestamp: { type: "string", format: "date-time" },
  value: { type: "string" },
};
const SECONDS: JsonSchema = { type: "integer", format: "int64" };
const SELECTOR: JsonSchema = { type: "object", nullable: true, "x-kubernetes-preserve-unknown-fields": true };
const DESCRIBED: JsonSchema = { type: "object", additionalProperties: { type: "string" } };

/** An answer that holds values; what it is asked for by is no kind, but a metric. */
function valueList(
  group: string,
  version: string,
  kind: string,
  value: Record<string, JsonSchema>,
): KindDefinition {
  const item: JsonSchema = { type: "object", properties: { ...VALUE, ...value } };
  const schema: JsonSchema = { type: "object", properties: { items: { type: "array", items: item } } };
  const described = { group, version, kind, resource: "*", namespaced: true, schema, columns: [] };
  return { ...computedKind(described), verbs: ["get"], use: "body" };
}

const CUSTOM = "custom.metrics.k8s.io";

/** custom.metrics.k8s.io MetricValueList of either version, and external.metrics.k8s.io ExternalMetricValueList. */
export const metricValueLists: readonly KindDefinition[] = [
  valueList(CUSTOM, "v1beta2", "MetricValueList", {
    describedObject: DESCRIBED,
    metric: { type: "object", properties: { name: { type: "string" }, selector: SELECTOR } },
    windowSeconds: SECONDS,
  }),
  valueList(CUSTOM, "v1beta1", "MetricValueList", {
    describedObject: DESCRIBED,
    metricName: { type: "string" },
    windowSeconds: SECONDS,
    selector: SELECTOR,
  }),
  valueList("external.metrics.k8s.io", "v1beta1", "ExternalMetricValueList", {
    metricName: { type: "string" },
    metricLabels: { type: "object", additionalProperties: { type: "string" } },
    window: SECONDS,
  }),
];
