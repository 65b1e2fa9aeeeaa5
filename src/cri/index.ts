/** Reads the logs of this runtime: files in CRI's format, those moved aside beside the current one. */
export { type LogLine, LogLineParser, LogReader, removeLog, timestampMs } from "../runtime/index.ts";
export { type Cri, type CriOptions, createCri } from "./cri.ts";
export type * from "./types.ts";
