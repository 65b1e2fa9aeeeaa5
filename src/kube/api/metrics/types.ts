export const METRICS_GROUP = { group: "metrics.k8s.io", version: "v1beta1" } as const;

export interface MetricsOfTime {
  /** The end of the interval over which processor time was measured; RFC 3339. */
  timestamp: string;
  /** The interval's length, as Go writes durations. */
  window: string;
}

/** Quantities by the names of resources. */
export type ResourceUsage = Record<"cpu" | "memory", string>;
