import type { JsonSchema } from "../custom/json-schema.ts";

const QUANTITIES: JsonSchema = {
  description: "The memory usage is the memory working set.",
  type: "object",
  additionalProperties: { type: "string" },
};

const WHEN: Record<string, JsonSchema> = {
  timestamp: {
    description: "The end of the interval over which the processor time was measured.",
    type: "string",
    format: "date-time",
  },
  window: { description: "The length of that interval, as Go writes durations.", type: "string" },
};

/** metrics.k8s.io/v1beta1 NodeMetrics. */
export const NODE_METRICS: JsonSchema = {
  description: "NodeMetrics sets resource usage metrics of a node.",
  type: "object",
  required: ["timestamp", "window", "usage"],
  properties: { ...WHEN, usage: QUANTITIES },
};

/** metrics.k8s.io/v1beta1 PodMetrics. */
export const POD_METRICS: JsonSchema = {
  description: "PodMetrics sets resource usage metrics of a pod.",
  type: "object",
  required: ["timestamp", "window", "containers"],
  properties: {
    ...WHEN,
    containers: {
      description: "Metrics for all containers are collected within the same time window.",
      type: "array",
      items: {
        type: "object",
        required: ["name", "usage"],
        properties: { name: { type: "string" }, usage: QUANTITIES },
      },
    },
  },
};
