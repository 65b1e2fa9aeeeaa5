export * from "./cri-log-line.ts";
export { removeLog } from "./log-files.ts";
export type { LogLimits } from "./log-keeping.ts";
export * from "./log-reader.ts";
