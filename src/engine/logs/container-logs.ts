import { notImplemented } from "../../base/index.ts";
import { type LogLine, LogReader, timestampMs } from "../../runtime/index.ts";
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
  const reader = new LogReader(container.record.logPath, options.signal);
  try {
    yield* reader.written({ tail: options.tail });
    if (options.follow) yield* followLog(container, reader);
  } finally {
    await reader.close();
  }
}

/** What is written from where `reader` stands, until the container has ended (restarts included) or the reader's signal aborts. */
export async function* followLog(
  container: Container,
  reader: LogReader,
  finished: () => boolean = () => !container.isRunning,
): AsyncGenerator<LogLine[]> {
  const stop = [container.onExit(() => reader.wake()), container.onRemoved(() => reader.wake())];
  try {
    yield* reader.follow({ finished: () => finished() || container.removed });
  } finally {
    for (const undo of stop) undo();
  }
}
