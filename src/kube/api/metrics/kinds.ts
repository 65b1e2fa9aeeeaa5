import type { KindDefinition } from "../types.ts";
import { nodeMetrics } from "./node-metrics.ts";
import { podMetrics } from "./pod-metrics.ts";

export const metricsKinds: readonly KindDefinition[] = [nodeMetrics, podMetrics];
