import type { SolveEvent } from "../build/index.ts";
import { type controlMessages, msOf } from "../buildkit-api/index.ts";
import type { protobuf } from "../formats/index.ts";

type Status = protobuf.Message<typeof controlMessages.StatusResponse>;

/** What a message of `Status` tells, in the order of a display: operations, parts of them, warnings, output. */
export function statusEvents({ vertexes, statuses, logs, warnings }: Status): SolveEvent[] {
  return [
    ...vertexes.map(
      ({ started, completed, progressGroup, ...vertex }): SolveEvent => ({
        kind: "vertex",
        ...vertex,
        ...times(started, completed),
        ...(progressGroup ? { progressGroup } : {}),
      }),
    ),
    ...statuses.map(
      ({ started, completed, timestamp, ...status }): SolveEvent => ({
        kind: "status",
        ...status,
        timestampMs: msOf(timestamp) ?? 0,
        ...times(started, completed),
      }),
    ),
    ...(warnings.map(
      ({ short, detail, info, ...warning }): SolveEvent => ({
        kind: "warning",
        ...warning,
        short: Buffer.from(short).toString(),
        detail: detail.map((line) => Buffer.from(line).toString()),
        info: info as Extract<SolveEvent, { kind: "warning" }>["info"],
      }),
    ) as SolveEvent[]),
    ...logs.map(
      ({ vertex, timestamp, stream, msg }): SolveEvent => ({
        kind: "log",
        vertex,
        stream: stream === 2 ? 2 : 1,
        data: Buffer.from(msg),
        timestampMs: msOf(timestamp) ?? 0,
      }),
    ),
  ];
}

function times(
  started: Parameters<typeof msOf>[0],
  completed: Parameters<typeof msOf>[0],
): { startedMs?: number; completedMs?: number } {
  const startedMs = msOf(started);
  const completedMs = msOf(completed);
  return {
    ...(startedMs === undefined ? {} : { startedMs }),
    ...(completedMs === undefined ? {} : { completedMs }),
  };
}
