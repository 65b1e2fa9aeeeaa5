import { counter, gauge, histogram, label } from "../../../formats/index.ts";
import type { FlowControl } from "./flow-control.ts";
import type { FlowStats } from "./flow-stats.ts";
import type { PriorityLevel } from "./priority-level.ts";

const PREFIX = "apiserver_flowcontrol_";

/** What flow control counts, by upstream's names (util/flowcontrol/metrics). */
export function flowControlMetrics(flowControl: FlowControl): string[] {
  const { levels, fairFraction } = flowControl;
  const flows = levels.flatMap(({ stats }) => [...stats.values()]);
  return [
    ...flowMetrics(flows),
    ...levelMetrics(levels),
    ...gauge(`${PREFIX}seat_fair_frac`, "Fraction of its target that each level gets that can use it.", {
      "": fairFraction,
    }),
  ];
}

const flowLabels = ({ level, schema }: FlowStats) =>
  `${label("priority_level", level)},${label("flow_schema", schema)}`;

function flowMetrics(flows: readonly FlowStats[]): string[] {
  const each = (of: (flow: FlowStats) => number) =>
    flows.map((flow) => [`{${flowLabels(flow)}}`, of(flow)] as const);
  const executingSeats = each((flow) => flow.executingSeats);
  return [
    ...counter(
      `${PREFIX}rejected_requests_total`,
      "Requests that were turned away.",
      flows.flatMap((flow) =>
        [...flow.rejected].map(
          ([reason, count]) => [`{${flowLabels(flow)},${label("reason", reason)}}`, count] as const,
        ),
      ),
    ),
    ...counter(
      `${PREFIX}dispatched_requests_total`,
      "Requests that were let in.",
      each((flow) => flow.dispatched).filter(([, count]) => count > 0),
    ),
    ...gauge(
      `${PREFIX}current_inqueue_requests`,
      "Requests that wait in queues.",
      each((flow) => flow.waiting),
    ),
    ...gauge(
      `${PREFIX}current_inqueue_seats`,
      "Seats that are waited for in queues.",
      each((flow) => flow.waitingSeats),
    ),
    ...gauge(
      `${PREFIX}current_executing_requests`,
      "Requests that are worked on; of watches, those that begin.",
      each((flow) => flow.executing),
    ),
    ...gauge(`${PREFIX}current_executing_seats`, "Seats that requests take.", executingSeats),
    ...gauge(`${PREFIX}request_concurrency_in_use`, "Seats that requests take.", executingSeats),
    ...counter(
      `${PREFIX}request_dispatch_no_accommodation_total`,
      "How often there were too few seats for whoever was next.",
      each((flow) => flow.noAccommodation).filter(([, count]) => count > 0),
    ),
    ...flowHistograms(flows),
  ];
}

function flowHistograms(flows: readonly FlowStats[]): string[] {
  return [
    ...histogram(
      `${PREFIX}request_wait_duration_seconds`,
      "How long requests wait in their queue.",
      flows.flatMap((flow) =>
        (["true", "false"] as const).map(
          (execute) =>
            [`${flowLabels(flow)},${label("execute", execute)}`, flow.waitSeconds[execute]] as const,
        ),
      ),
    ),
    ...histogram(
      `${PREFIX}request_execution_seconds`,
      "How long requests are worked on; watches, until they have begun.",
      flows.flatMap((flow) =>
        (["regular", "watch"] as const).map(
          (type) => [`${flowLabels(flow)},${label("type", type)}`, flow.executionSeconds[type]] as const,
        ),
      ),
    ),
    ...histogram(
      `${PREFIX}request_queue_length_after_enqueue`,
      "How long its queue is with a request that comes.",
      flows.map((flow) => [flowLabels(flow), flow.queueLength] as const),
    ),
    ...histogram(
      `${PREFIX}work_estimated_seats`,
      "How many seats requests are taken to need.",
      flows.map((flow) => [flowLabels(flow), flow.estimatedSeats] as const),
    ),
    ...histogram(
      `${PREFIX}watch_count_samples`,
      "How many watches hear of a write.",
      flows.map((flow) => [flowLabels(flow), flow.watchCounts] as const),
    ),
  ];
}

/** By name: what it tells, and the value of a level. */
const OF_LEVELS: Record<string, [help: string, of: (level: PriorityLevel) => number]> = {
  nominal_limit_seats: ["Seats of each level by its shares.", (level) => level.nominalLimit],
  request_concurrency_limit: ["Seats of each level by its shares.", (level) => level.nominalLimit],
  lower_limit_seats: ["Seats that each level never lends.", (level) => level.minLimit],
  upper_limit_seats: ["Seats that each level may have with what it borrows.", (level) => level.maxLimit],
  current_limit_seats: ["Seats of each level for now.", (level) => level.currentLimit],
  target_seats: ["Seats that each level would be given were there enough.", (level) => level.target],
  demand_seats_high_watermark: [
    "The most seats that each level could use since the last adjustment but one.",
    ({ queueSet }) => queueSet.demand.highWatermark,
  ],
  demand_seats_average: [
    "Seats that each level could use, on average.",
    ({ queueSet }) => queueSet.demand.average,
  ],
  demand_seats_stdev: ["How much that varied.", ({ queueSet }) => queueSet.demand.deviation],
  demand_seats_smoothed: [
    "Seats that each level could use, smoothed.",
    ({ queueSet }) => queueSet.demand.smoothed,
  ],
  current_r: ["Where the progress meter of each level stands.", ({ queueSet }) => queueSet.progress],
};

function levelMetrics(levels: readonly PriorityLevel[]): string[] {
  return Object.entries(OF_LEVELS).flatMap(([name, [help, of]]) =>
    gauge(
      PREFIX + name,
      help,
      levels.map((level) => [`{${label("priority_level", level.name)}}`, of(level)] as const),
    ),
  );
}
