import type { Cancel, Clock } from "../../../base/index.ts";
import type { FlowRequest } from "./flow-request.ts";

/** Requests that are over and whose seats are still taken for a while. One timer for all of them. */
export class SeatsToGiveBack {
  readonly #clock: Clock;
  readonly #onDue: (requests: readonly FlowRequest[]) => void;
  #waiting: { request: FlowRequest; dueMs: number }[] = [];
  #timer: { dueMs: number; cancel: Cancel } | undefined;

  constructor(clock: Clock, onDue: (requests: readonly FlowRequest[]) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** At `dueMs` of the clock's monotonic time. */
  add(request: FlowRequest, dueMs: number): void {
    this.#waiting.push({ request, dueMs });
    if (!this.#timer || dueMs < this.#timer.dueMs) this.#setTimer(dueMs);
  }

  #setTimer(dueMs: number): void {
    this.#timer?.cancel();
    const cancel = this.#clock.after(dueMs - this.#clock.monotonicMs(), () => this.#giveBack(), {
      unref: true,
    });
    this.#timer = { dueMs, cancel };
  }

  #giveBack(): void {
    this.#timer = undefined;
    const nowMs = this.#clock.monotonicMs();
    const due = this.#waiting.filter(({ dueMs }) => dueMs <= nowMs);
    this.#waiting = this.#waiting.filter(({ dueMs }) => dueMs > nowMs);
    if (this.#waiting.length > 0) this.#setTimer(Math.min(...this.#waiting.map(({ dueMs }) => dueMs)));
    if (due.length > 0) this.#onDue(due.map(({ request }) => request));
  }
}
