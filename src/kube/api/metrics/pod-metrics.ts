import { addQuantities } from "../../../formats/index.ts";
import { nameColumn, textColumn } from "../columns.ts";
import type { ApiObject } from "../types.ts";
import { computedKind } from "./computed-kind.ts";
import { POD_METRICS } from "./metrics-schema.ts";
import { METRICS_GROUP, type MetricsOfTime, type ResourceUsage } from "./types.ts";

export interface PodMetrics extends ApiObject, MetricsOfTime {
  containers: { name: string; usage: ResourceUsage }[];
}

export const podMetrics = computedKind<PodMetrics>({
  ...METRICS_GROUP,
  kind: "PodMetrics",
  resource: "pods",
  namespaced: true,
  schema: POD_METRICS,
  columns: [
    nameColumn,
    textColumn("cpu", (pod: PodMetrics) => sumOf(pod, "cpu")),
    textColumn("memory", (pod: PodMetrics) => sumOf(pod, "memory")),
    textColumn("Window", ({ window }: PodMetrics) => window),
  ],
});

function sumOf({ containers }: PodMetrics, resource: keyof ResourceUsage): string {
  return containers.map(({ usage }) => usage[resource]).reduce(addQuantities, "0");
}
