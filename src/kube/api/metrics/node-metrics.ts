import { nameColumn, textColumn } from "../columns.ts";
import type { ApiObject } from "../types.ts";
import { computedKind } from "./computed-kind.ts";
import { NODE_METRICS } from "./metrics-schema.ts";
import { METRICS_GROUP, type MetricsOfTime, type ResourceUsage } from "./types.ts";

export interface NodeMetrics extends ApiObject, MetricsOfTime {
  usage: ResourceUsage;
}

export const nodeMetrics = computedKind<NodeMetrics>({
  ...METRICS_GROUP,
  kind: "NodeMetrics",
  resource: "nodes",
  namespaced: false,
  schema: NODE_METRICS,
  columns: [
    nameColumn,
    textColumn("cpu", ({ usage }: NodeMetrics) => usage.cpu),
    textColumn("memory", ({ usage }: NodeMetrics) => usage.memory),
    textColumn("Window", ({ window }: NodeMetrics) => window),
  ],
});
