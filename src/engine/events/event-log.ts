import { AsyncQueue, type Clock } from "../../base/index.ts";
import type { EngineEvent, Filters } from "../types.ts";
import { matchesEventFilters } from "./event-filters.ts";

/** As many past events as Docker keeps. */
const KEPT = 256;
/** A reader that lags so far behind is cut off. */
const QUEUE_LIMIT = 16_384;

/** The stream of events: a ring of past ones, and whoever listens now. */
export class EventLog {
  readonly #clock: Clock;
  readonly #past: EngineEvent[] = [];
  readonly #listeners = new Set<(event: EngineEvent) => void>();
  #lastNano = 0n;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  emit(type: EngineEvent["Type"], action: string, id: string, attributes: Record<string, string> = {}): void {
    const nano = this.#nextNano();
    const event: EngineEvent = {
      Type: type,
      Action: action,
      Actor: { ID: id, Attributes: attributes },
      scope: "local",
      time: Number(nano / 1_000_000_000n),
      timeNano: Number(nano),
    };
    this.#past.push(event);
    if (this.#past.length > KEPT) this.#past.shift();
    for (const listener of this.#listeners) listener(event);
  }

  /** Strictly rising in steps that a double still tells apart (256 ns at today's dates). */
  #nextNano(): bigint {
    const now = BigInt(Math.round(this.#clock.nowMs() * 1000)) * 1000n;
    this.#lastNano = now > this.#lastNano ? now : this.#lastNano + 1000n;
    return this.#lastNano;
  }

  async *stream(options: {
    sinceMs?: number;
    untilMs?: number;
    filters?: Filters;
    signal?: AbortSignal;
  }): AsyncGenerator<EngineEvent> {
    const { sinceMs, untilMs, filters = {}, signal } = options;
    const queue = new AsyncQueue<EngineEvent>(QUEUE_LIMIT);
    const wanted = (event: EngineEvent) => matchesEventFilters(event, filters);
    const listener = (event: EngineEvent) => {
      if (wanted(event) && !queue.push(event)) queue.end();
    };
    if (sinceMs !== undefined) {
      for (const event of this.#past) {
        const ms = event.timeNano / 1e6;
        if (ms >= sinceMs && (untilMs === undefined || ms <= untilMs) && wanted(event)) queue.push(event);
      }
    }
    const remainingMs = untilMs === undefined ? undefined : untilMs - this.#clock.nowMs();
    if (remainingMs !== undefined && remainingMs <= 0) queue.end();
    else this.#listeners.add(listener);
    const cancel =
      remainingMs === undefined || remainingMs <= 0
        ? () => {}
        : this.#clock.after(remainingMs, () => queue.end());
    const onAbort = () => queue.end();
    if (signal?.aborted) queue.end();
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      yield* queue;
    } finally {
      cancel();
      signal?.removeEventListener("abort", onAbort);
      this.#listeners.delete(listener);
    }
  }
}
