import type { LogEvent, SolveEvent, StatusEvent, VertexEvent, WarningEvent } from "../../build/index.ts";
import type { protobuf } from "../../formats/index.ts";
import { timestampOf } from "../messages/common-messages.ts";
import type { StatusResponse } from "../messages/control-messages.ts";

type Response = protobuf.Outgoing<typeof StatusResponse>;

/** Output that goes in one message; clients take messages of 16 MiB. */
const MAX_LOG_BYTES = 2 * 1024 * 1024;

/** Events as messages: what they speak of stands before them, as operations come first in a message. */
export function* statusResponses(events: readonly SolveEvent[]): Generator<Response> {
  const logs = pieces(events.filter((event) => event.kind === "log"));
  yield {
    vertexes: events.filter((event) => event.kind === "vertex").map(vertexOf),
    statuses: events.filter((event) => event.kind === "status").map(statusOf),
    warnings: events.filter((event) => event.kind === "warning").map(warningOf),
    logs: (logs.shift() ?? []).map(logOf),
  };
  for (const piece of logs) yield { logs: piece.map(logOf) };
}

function pieces(logs: LogEvent[]): LogEvent[][] {
  const found: LogEvent[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const log of logs) {
    if (size + log.data.length > MAX_LOG_BYTES) {
      found.push([]);
      size = 0;
    }
    found.at(-1)!.push(log);
    size += log.data.length;
  }
  return found;
}

function vertexOf(event: VertexEvent) {
  return {
    digest: event.digest,
    inputs: event.inputs,
    name: event.name,
    cached: event.cached,
    started: timestampOf(event.startedMs),
    completed: timestampOf(event.completedMs),
    error: event.error,
    progressGroup: event.progressGroup,
  };
}

function statusOf(event: StatusEvent) {
  return {
    id: event.id,
    vertex: event.vertex,
    name: event.name,
    current: event.current,
    total: event.total,
    timestamp: timestampOf(event.timestampMs),
    started: timestampOf(event.startedMs),
    completed: timestampOf(event.completedMs),
  };
}

function logOf({ vertex, timestampMs, stream, data }: LogEvent) {
  return { vertex, timestamp: timestampOf(timestampMs), stream, msg: data };
}

function warningOf(event: WarningEvent) {
  return {
    vertex: event.vertex,
    level: event.level,
    short: Buffer.from(event.short),
    detail: event.detail.map((line) => Buffer.from(line)),
    url: event.url,
    info: event.info,
    ranges: event.ranges,
  };
}
