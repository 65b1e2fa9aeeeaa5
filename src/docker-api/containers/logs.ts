import { invalidArgument, notImplemented } from "../../base/index.ts";
import { isLogReadable } from "../../engine/index.ts";
import type { LogEntry, LogOptions } from "../../engine/types.ts";
import { sendStream } from "../../http/index.ts";
import type { ApiContext } from "../api-context.ts";
import { frameHeader, isMultiplexed, MULTIPLEXED_STREAM, RAW_STREAM } from "../wire/frames.ts";
import { flag, timestamp } from "../wire/query.ts";
import type { ContainersBackend } from "./backend.ts";

/** `GET /containers/{id}/logs`: multiplexed frames, or plain bytes for a container with a terminal. */
export async function serveLogs(backend: ContainersBackend, context: ApiContext): Promise<void> {
  const { query, res, apiMinor } = context;
  const options = logOptions(query, context.signal);
  const container = await backend.inspectContainer(context.params.id!);
  const { Type, Config } = container.HostConfig.LogConfig ?? {};
  if (!isLogReadable(Type, Config)) {
    throw notImplemented("configured logging driver does not support reading", { code: "DockerApi.NoLogs" });
  }
  const raw = container.Config.Tty === true;
  const format = lineFormatter(flag(query, "timestamps"), flag(query, "details") ? detailsOf(container) : "");
  res.writeHead(200, { "content-type": isMultiplexed(raw, apiMinor) ? MULTIPLEXED_STREAM : RAW_STREAM });
  res.flushHeaders();
  await sendStream(res, encoded(backend.containerLogs(container.Id, options), format, raw));
}

/** What was read at once goes out at once: a long log does not cost a system call a line. */
async function* encoded(
  batches: AsyncIterable<readonly LogEntry[]>,
  format: (entry: LogEntry) => readonly Uint8Array[],
  raw: boolean,
): AsyncGenerator<Uint8Array> {
  for await (const entries of batches) {
    const pieces: Uint8Array[] = [];
    for (const entry of entries) {
      const line = format(entry);
      if (!raw)
        pieces.push(
          frameHeader(
            entry.stream,
            line.reduce((sum, part) => sum + part.length, 0),
          ),
        );
      pieces.push(...line);
    }
    yield Buffer.concat(pieces);
  }
}

function logOptions(query: URLSearchParams, signal: AbortSignal): LogOptions {
  const stdout = flag(query, "stdout");
  const stderr = flag(query, "stderr");
  if (!stdout && !stderr) {
    throw invalidArgument("Bad parameters: you must choose at least one stream", { code: "DockerApi.Query" });
  }
  return {
    stdout,
    stderr,
    follow: flag(query, "follow"),
    sinceMs: timestamp(query, "since"),
    untilMs: timestamp(query, "until"),
    tail: parseTail(query.get("tail")),
    signal,
  };
}

/** `all`, or a number of lines; anything else counts as all, as in Docker. */
function parseTail(value: string | null): number | undefined {
  return value !== null && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}

/** Puts time stamps and details in front of each line, not inside of one that came in pieces. */
function lineFormatter(withTimestamps: boolean, details: string): (entry: LogEntry) => readonly Uint8Array[] {
  const insideLine = { stdout: false, stderr: false };
  return ({ stream, timestamp: time, data }) => {
    const prefix = insideLine[stream] ? "" : `${withTimestamps ? `${time} ` : ""}${details}`;
    insideLine[stream] = data.length > 0 && data[data.length - 1] !== 0x0a;
    return prefix === "" ? [data] : [Buffer.from(prefix), data];
  };
}

/** Labels and variables that the log configuration asks for, as `key=value,…`. */
function detailsOf(container: {
  HostConfig: { LogConfig?: { Config?: Record<string, string> | null } };
  Config: { Labels?: Record<string, string> | null; Env?: string[] };
}): string {
  const wanted = container.HostConfig.LogConfig?.Config ?? {};
  const labels = (wanted.labels ?? "").split(",").filter(Boolean);
  const names = (wanted.env ?? "").split(",").filter(Boolean);
  const pairs = [
    ...labels.flatMap((key) =>
      container.Config.Labels?.[key] === undefined ? [] : [`${key}=${container.Config.Labels[key]}`],
    ),
    ...(container.Config.Env ?? []).filter((entry) => names.includes(entry.split("=", 1)[0]!)),
  ];
  // Without any, a space is left before each line.
  return `${pairs.sort().join(",")} `;
}
