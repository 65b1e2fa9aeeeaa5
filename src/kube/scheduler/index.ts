export { readSchedulerConfiguration, type SchedulerConfiguration } from "./config/index.ts";
export { SchedulerMetrics } from "./metrics/scheduler-metrics.ts";
export { createScheduler, type SchedulerOptions } from "./scheduler.ts";
