import type { UserInfo } from "../../client/types.ts";
import type { RequestInfo } from "../request-info.ts";
import type { FlowStats } from "./flow-stats.ts";
import type { RequestQueue } from "./request-queue.ts";
import type { WorkEstimate } from "./work-estimate.ts";

/** What every request is taken to last until it is known better (upstream estimatedServiceDuration). */
export const ESTIMATED_SECONDS = 0.003;

/** A request that comes to a priority level. */
export interface Arrival {
  info: RequestInfo;
  user: UserInfo;
  stats: FlowStats;
  /** What tells this flow from others of the same FlowSchema: a user's name, a namespace. */
  distinguisher: string;
  estimate: WorkEstimate;
}

/** A request in a priority level: waiting in a queue, executing, or over but for what it causes. */
export class FlowRequest {
  readonly arrival: Arrival;
  readonly arrivedAtMs: number;
  /** Where the progress meter stood when it came. */
  readonly arrivalR: number;
  /** Absent where it has not gone through a queue. */
  readonly queue: RequestQueue | undefined;
  /** Taken from its dispatch until it gives them back. */
  maxSeats: number;
  /** How long it keeps them after its end. */
  lingerMs: number;
  /** Seat-seconds that it takes, as far as is known before. */
  readonly work: number;
  startedAtMs: number | undefined;
  /** Told when it no longer waits: whether it executes. */
  decide: (executes: boolean) => void = () => {};

  constructor(arrival: Arrival, at: { nowMs: number; r: number; queue?: RequestQueue }) {
    const { initialSeats, finalSeats, additionalMs } = arrival.estimate;
    this.arrival = arrival;
    this.arrivedAtMs = at.nowMs;
    this.arrivalR = at.r;
    this.queue = at.queue;
    this.maxSeats = Math.max(initialSeats, finalSeats);
    this.lingerMs = additionalMs;
    this.work = initialSeats * ESTIMATED_SECONDS + (finalSeats * additionalMs) / 1000;
  }

  /** Does what comes after its end with no more seats than there are, for longer. */
  fitInto(limit: number): void {
    const { initialSeats, finalSeats, additionalMs } = this.arrival.estimate;
    if (finalSeats <= limit || limit < 1) return;
    this.maxSeats = Math.max(initialSeats, limit);
    this.lingerMs = (finalSeats * additionalMs) / limit;
  }
}
