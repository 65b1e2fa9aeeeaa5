export * from "./cri-log-line.ts";
export type { LogLimits } from "./log-keeping.ts";
export * from "./log-reader.ts";
