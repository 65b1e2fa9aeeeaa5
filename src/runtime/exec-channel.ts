import { closeSync } from "node:fs";
import type { Clock } from "../base/index.ts";
import type { RuntimeInfo } from "./types.ts";

export interface ExecPlace {
  runtime: RuntimeInfo;
  runtimeRoot: string;
  /** Directory of this execution's files; made and removed here. */
  dir: string;
  clock: Clock;
}

/** The streams of an execution: three pipes, or one terminal. */
export interface ExecChannel {
  /** What the child gets as its descriptors 0, 1, 2. */
  readonly stdio: [number | "ignore", number | "ignore", number | "ignore"];
  readonly runtimeArguments: readonly string[];
  /** The child has its copies. */
  started(): void;
  /** The process was made: what comes now is its own. */
  running(): void;
  /** Resolves when what the process wrote has been handed over; a process that left children behind is not waited for. */
  drained(): Promise<void>;
  resize(columns: number, rows: number): void;
  close(): void;
}

/** Closes descriptors that are numbers. */
export function closeAll(fds: readonly (number | "ignore")[]): void {
  for (const fd of fds) if (typeof fd === "number") closeSync(fd);
}
