import type { FlowControl } from "./flow-control.ts";
import type { FlowRequest } from "./flow-request.ts";
import type { PriorityLevel } from "./priority-level.ts";
import type { RequestQueue } from "./request-queue.ts";
import { tabTable } from "./tab-table.ts";

const ROOT = "/debug/api_priority_and_fairness/";

/** What is under way just now, as tables for people (upstream apf_controller_debug.go); undefined for other paths. */
export function flowControlPage(
  flowControl: FlowControl,
  path: string,
  query: URLSearchParams,
): string | undefined {
  switch (path) {
    case `${ROOT}dump_priority_levels`:
      return tabTable([LEVEL_COLUMNS, ...flowControl.levels.map(levelRow)]);
    case `${ROOT}dump_queues`:
      return tabTable([QUEUE_COLUMNS, ...flowControl.levels.flatMap(queueRows)]);
    case `${ROOT}dump_requests`: {
      const withDetails = (query.get("includeRequestDetails") ?? "") !== "";
      const rows = flowControl.levels
        .flatMap((level) => requestRows(level, (ms) => timeText(flowControl.wallMs(ms))))
        .map(({ row, details }) => [...row, ...(withDetails ? details : [])]);
      return tabTable([[...REQUEST_COLUMNS, ...(withDetails ? DETAIL_COLUMNS : [])], ...rows]);
    }
    default:
      return undefined;
  }
}

const LEVEL_COLUMNS = [
  "PriorityLevelName",
  "ActiveQueues",
  "IsIdle",
  "IsQuiescing",
  "WaitingRequests",
  "ExecutingRequests",
  "DispatchedRequests",
  "RejectedRequests",
  "TimedoutRequests",
  "CancelledRequests",
];

function levelRow({ name, queueSet, isQuiescing }: PriorityLevel): string[] {
  const { queues, isIdle, waiting, executing, dispatched, rejected, cancelled } = queueSet;
  const active = queues.filter(({ length }) => length > 0).length;
  // Who has waited too long is counted as cancelled.
  const cells = [active, isIdle, isQuiescing, waiting, executing, dispatched, rejected, 0, cancelled];
  return [name, ...cells.map(String)];
}

const QUEUE_COLUMNS = [
  "PriorityLevelName",
  "Index",
  "PendingRequests",
  "ExecutingRequests",
  "SeatsInUse",
  "NextDispatchR",
  "InitialSeatsSum",
  "MaxSeatsSum",
  "TotalWorkSum",
];

function queueRows({ name, queueSet }: PriorityLevel): string[][] {
  return queueSet.queues.map((queue, index) => [
    name,
    String(index),
    String(queue.length),
    String(queue.executing.size),
    String(queue.seatsInUse),
    seatSeconds(queue.nextDispatchR),
    String(queue.initialSeatsWaiting),
    String(queue.maxSeatsWaiting),
    seatSeconds(queue.workWaiting),
  ]);
}

const seatSeconds = (value: number) => `${Math.max(0, value).toFixed(8)}ss`;

const REQUEST_COLUMNS = [
  "PriorityLevelName",
  "FlowSchemaName",
  "QueueIndex",
  "RequestIndexInQueue",
  // As upstream writes it.
  "FlowDistingsher",
  "ArriveTime",
  "InitialSeats",
  "FinalSeats",
  "AdditionalLatency",
  "StartTime",
];
const DETAIL_COLUMNS = [
  "UserName",
  "Verb",
  "APIPath",
  "Namespace",
  "Name",
  "APIVersion",
  "Resource",
  "SubResource",
];

interface RequestRow {
  row: string[];
  details: string[];
}

type ClockText = (monotonicMs: number) => string;

function requestRows({ queueSet }: PriorityLevel, textOf: ClockText): RequestRow[] {
  const inQueue = (queue: RequestQueue, at: number) => [
    ...[...queue.waiting()].map((request, place) => requestRow(request, { queue: at, place }, textOf)),
    ...[...queue.executing].map((request) => requestRow(request, { queue: at, place: -1 }, textOf)),
  ];
  return [
    ...queueSet.queues.flatMap(inQueue),
    ...[...queueSet.unqueued].map((request) => requestRow(request, { queue: -1, place: -1 }, textOf)),
  ];
}

function requestRow(
  { arrival, arrivedAtMs, startedAtMs, lingerMs }: FlowRequest,
  at: { queue: number; place: number },
  textOf: ClockText,
): RequestRow {
  const { stats, distinguisher, estimate, info, user } = arrival;
  return {
    row: [
      stats.level,
      stats.schema,
      String(at.queue),
      String(at.place),
      distinguisher,
      textOf(arrivedAtMs),
      String(estimate.initialSeats),
      String(estimate.finalSeats),
      durationText(lingerMs),
      startedAtMs === undefined ? NEVER : textOf(startedAtMs),
    ],
    details: info.isResource
      ? [
          user.name,
          info.verb,
          info.path,
          info.namespace ?? "",
          info.name ?? "",
          info.group === "" ? info.version : `${info.group}/${info.version}`,
          info.resource,
          info.subresource ?? "",
        ]
      : [user.name, info.verb, info.path, "", "", "", "", ""],
  };
}

/** Go's zero time. */
const NEVER = "0001-01-01T00:00:00Z";

/** RFC 3339 without zeros at the end of the fraction. */
function timeText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.?0*Z$/, "Z");
}

/** As Go writes a duration below a second. */
function durationText(ms: number): string {
  if (ms === 0) return "0s";
  return `${Math.floor(ms * 1e6) / 1e6}ms`;
}
