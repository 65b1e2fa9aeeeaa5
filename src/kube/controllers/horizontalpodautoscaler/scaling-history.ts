import type { Clock } from "../../../base/index.ts";
import type { V2HorizontalPodAutoscalerBehavior } from "../../api/index.ts";

interface Recommendation {
  replicas: number;
  atMs: number;
}

interface ScaleEvent {
  /** How many replicas came, or went. */
  change: number;
  atMs: number;
}

const LONGEST_WINDOW_MS = 3600_000;

/** What one autoscaler wanted and did lately: what it may do now depends on that. It is of this run of the program only. */
export class ScalingHistory {
  readonly #clock: Clock;
  #recommendations: Recommendation[] = [];
  #ups: ScaleEvent[] = [];
  #downs: ScaleEvent[] = [];

  constructor(clock: Clock, initialReplicas: number) {
    this.#clock = clock;
    this.recommend(initialReplicas);
  }

  /** Notes what the metrics ask for. */
  recommend(replicas: number): void {
    const atMs = this.#clock.nowMs();
    const isRecent = ({ atMs: then }: Recommendation) => atMs - then < LONGEST_WINDOW_MS;
    this.#recommendations = [...this.#recommendations.filter(isRecent), { replicas, atMs }];
  }

  /** What was recommended in the last so many milliseconds. */
  recommended(windowMs: number): number[] {
    const sinceMs = this.#clock.nowMs() - windowMs;
    return this.#recommendations.filter(({ atMs }) => atMs > sinceMs).map(({ replicas }) => replicas);
  }

  /** Notes a change, for as long as one of the policies looks at it. */
  scaled(from: number, to: number, behavior: V2HorizontalPodAutoscalerBehavior): void {
    const event = { change: Math.abs(to - from), atMs: this.#clock.nowMs() };
    if (to > from) this.#ups = [...this.#ups.filter(this.#isWithin(behavior)), event];
    else this.#downs = [...this.#downs.filter(this.#isWithin(behavior)), event];
  }

  /** How many replicas there were so many seconds ago, as far as changes of ours go. */
  replicasBefore(currentReplicas: number, periodSeconds: number): number {
    const sinceMs = this.#clock.nowMs() - periodSeconds * 1000;
    const sum = (events: ScaleEvent[]) =>
      events.reduce((total, { change, atMs }) => (atMs > sinceMs ? total + change : total), 0);
    return currentReplicas - sum(this.#ups) + sum(this.#downs);
  }

  #isWithin({ scaleUp, scaleDown }: V2HorizontalPodAutoscalerBehavior) {
    const policies = [...(scaleUp?.policies ?? []), ...(scaleDown?.policies ?? [])];
    const longest = Math.max(0, ...policies.map(({ periodSeconds }) => periodSeconds));
    const sinceMs = this.#clock.nowMs() - longest * 1000;
    return ({ atMs }: ScaleEvent) => atMs >= sinceMs;
  }
}
