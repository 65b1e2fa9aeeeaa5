import { notImplemented } from "../../base/index.ts";
import { type LogLine, LogReader, timestampMs } from "../../runtime/index.ts";
import type { Container } from "../containers/container.ts";
import type { EngineContext } from "../context.ts";
import type { LogEntry, LogOptions } from "../types.ts";
import { isLogReadable } from "./drivers/drivers.ts";

/** What the container wrote, and with `follow` what it goes on to write until it stops. */
export async function* containerLogs(
  context: EngineContext,
  reference: string,
  options: LogOptions,
): AsyncGenerator<LogEntry[]> {
  const container = context.containers.get(reference);
  const { Type, Config } = container.record.hostConfig.LogConfig ?? {};
  if (!isLogReadable(Type, Config)) {
    throw notImplemented("configured logging driver does not support reading", {
      code: "Engine.LogsNotReadable",
    });
  }
  const { sinceMs, untilMs } = options;
  const isEarly = (line: LogLine) => sinceMs !== undefined && timestampMs(line.timestamp) < sinceMs;
  const isLate = (line: LogLine) => untilMs !== undefined && timestampMs(line.timestamp) > untilMs;
  for await (const lines of logLines(container, options)) {
    // Lines come in the order of their times.
    const end = untilMs === undefined ? -1 : lines.findIndex(isLate);
    const wanted = lines.slice(0, end < 0 ? undefined : end);
    const entries = wanted.filter((line) => options[line.stream] && !isEarly(line));
    if (entries.length > 0) yield entries;
    if (end >= 0) return;
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
