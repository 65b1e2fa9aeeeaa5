import { parseRequest } from "../../request-info.ts";
import type { FlowRequest } from "../flow-request.ts";
import { FlowStats } from "../flow-stats.ts";
import { QueueSet, type Queuing } from "../queue-set.ts";
import { EventClock } from "./event-clock.ts";

export interface Load {
  flow: string;
  /** How long the server takes. */
  durationMs: number;
  seats?: number;
  finalSeats?: number;
  additionalMs?: number;
}

/** One priority level and requests that come to it, by a clock of its own. */
export class LevelUnderLoad {
  readonly clock = new EventClock();
  readonly stats = new FlowStats("level", "schema");
  readonly set = new QueueSet({ clock: this.clock });
  /** Seat-milliseconds by flow, of requests that are over. */
  readonly served = new Map<string, number>();
  /** Called whenever something may have changed. */
  onStep: () => void = () => {};

  constructor(queuing: Queuing, limit: number) {
    this.set.configure(queuing, limit);
  }

  /** One request; `onEnd` is told whether it was worked on, and how long it waited. */
  send(load: Load, onEnd: (served: boolean, waitedMs: number) => void = () => {}, limitMs = 1e9): void {
    const { flow, seats = 1, finalSeats = 0, additionalMs = 0 } = load;
    const sentMs = this.clock.monotonicMs();
    const started = this.set.start({
      info: parseRequest("GET", "/api/v1/pods", new URLSearchParams()),
      user: { name: flow, groups: [] },
      stats: this.stats,
      distinguisher: flow,
      estimate: { initialSeats: seats, finalSeats, additionalMs },
    });
    if (typeof started === "string") onEnd(false, 0);
    else this.#follow(started, load, sentMs, onEnd, limitMs);
    this.onStep();
  }

  /** A client that always has one request under way. */
  keepSending(load: Load, untilMs: number): void {
    if (this.clock.monotonicMs() >= untilMs) return;
    this.send(load, (served) => {
      if (served) this.keepSending(load, untilMs);
    });
  }

  #follow(
    request: FlowRequest,
    { flow, durationMs, seats = 1 }: Load,
    sentMs: number,
    onEnd: (served: boolean, waitedMs: number) => void,
    limitMs: number,
  ): void {
    const work = () => {
      const waitedMs = this.clock.monotonicMs() - sentMs;
      this.clock.after(durationMs, () => {
        this.served.set(flow, (this.served.get(flow) ?? 0) + seats * durationMs);
        this.set.finish(request);
        onEnd(true, waitedMs);
        this.onStep();
      });
    };
    if (request.startedAtMs !== undefined) {
      work();
      return;
    }
    void this.set.wait(request, limitMs, new AbortController().signal);
    const { decide } = request;
    // In the same step, where a promise would tell later.
    request.decide = (executes) => {
      decide(executes);
      if (executes) work();
      else onEnd(false, this.clock.monotonicMs() - sentMs);
    };
  }
}
