import type { BuildTrace } from "./build-trace.ts";
import { JsonProgress } from "./json-progress.ts";
import { PlainProgress } from "./plain-progress.ts";
import { TerminalProgress, type TerminalProgressOptions } from "./terminal-progress.ts";
import type { BuildProgress } from "./types.ts";

export type ProgressMode = "tty" | "plain" | "rawjson" | "quiet";

export interface ProgressOptions extends Omit<TerminalProgressOptions, "description"> {
  trace: BuildTrace;
  mode: ProgressMode;
}

export function createProgress({ mode, ...options }: ProgressOptions): BuildProgress {
  const { trace, write } = options;
  switch (mode) {
    case "tty":
      return new TerminalProgress({ ...options, description: "gantry" });
    case "plain":
      return new PlainProgress({ ...options, description: "building with gantry" });
    case "rawjson":
      return new JsonProgress(trace, write);
    case "quiet":
      return { take: (events) => trace.take(events), end: () => {} };
  }
}
