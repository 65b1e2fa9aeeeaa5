import { access } from "node:fs/promises";
import { dirname } from "node:path";
import { notImplemented } from "../../base/index.ts";
import { LogFollower, type LogLine, readLog, timestampMs } from "../../runtime/index.ts";
import type { Container } from "../containers/container.ts";
import type { EngineContext } from "../context.ts";
import type { LogEntry, LogOptions } from "../types.ts";

/** What the container wrote, and with `follow` what it goes on to write until it stops. */
export async function* containerLogs(
  context: EngineContext,
  reference: string,
  options: LogOptions,
): AsyncGenerator<LogEntry> {
  const container = context.containers.get(reference);
  if (container.record.hostConfig.LogConfig?.Type === "none") {
    throw notImplemented("configured logging driver does not support reading", {
      code: "Engine.LogsNotReadable",
    });
  }
  for await (const lines of logLines(container, options)) {
    for (const line of lines) {
      if (!options[line.stream]) continue;
      const ms = timestampMs(line.timestamp);
      if (options.sinceMs !== undefined && ms < options.sinceMs) continue;
      if (options.untilMs !== undefined && ms > options.untilMs) {
        // Lines come in the order of their times.
        return;
      }
      yield { stream: line.stream, timestamp: line.timestamp, data: line.data };
    }
  }
}

async function* logLines(container: Container, options: LogOptions): AsyncGenerator<LogLine[]> {
  const path = container.record.logPath;
  const offset = yield* readLog(path, { tail: options.tail, signal: options.signal });
  if (!options.follow || !(await exists(dirname(path)))) return;
  yield* followLog(container, offset, options.signal);
}

/** The log from `offset` on, until the container has ended (restarts included) or the signal aborts. */
export async function* followLog(
  container: Container,
  offset: number,
  signal: AbortSignal | undefined,
  finished: () => boolean = () => !container.isRunning,
): AsyncGenerator<LogLine[]> {
  const follower = new LogFollower(container.record.logPath, {
    offset,
    finished: () => finished() || container.removed,
    signal,
  });
  const stop = [container.onExit(() => follower.wake()), container.onRemoved(() => follower.wake())];
  try {
    yield* follower;
  } finally {
    for (const undo of stop) undo();
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
