import { Histogram } from "../../../formats/index.ts";

export type RejectReason = "queue-full" | "concurrency-limit" | "time-out";

const SECONDS = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30];
const LENGTHS = [0, 10, 25, 50, 100, 250, 500, 1000];
const SEATS = [1, 2, 4, 10];
const WATCHES = [0, 1, 10, 100, 1000, 10_000];

/** What is counted of the requests of one FlowSchema at one priority level. */
export class FlowStats {
  readonly level: string;
  readonly schema: string;
  executing = 0;
  executingSeats = 0;
  waiting = 0;
  waitingSeats = 0;
  dispatched = 0;
  noAccommodation = 0;
  readonly rejected = new Map<RejectReason, number>();
  readonly waitSeconds = { true: new Histogram(SECONDS), false: new Histogram(SECONDS) };
  readonly executionSeconds = { regular: new Histogram(SECONDS), watch: new Histogram(SECONDS) };
  readonly queueLength = new Histogram(LENGTHS);
  readonly estimatedSeats = new Histogram(SEATS);
  readonly watchCounts = new Histogram(WATCHES);

  constructor(level: string, schema: string) {
    this.level = level;
    this.schema = schema;
  }

  reject(reason: RejectReason): void {
    this.rejected.set(reason, (this.rejected.get(reason) ?? 0) + 1);
  }
}
