import type { FlowRequest } from "./flow-request.ts";

/** One of the queues of a priority level: what waits, in order of arrival, and what of it executes. */
export class RequestQueue {
  readonly #waiting = new Set<FlowRequest>();
  readonly executing = new Set<FlowRequest>();
  /** Of executing requests, and of those whose seats are still taken. */
  seatsInUse = 0;
  /** Where the progress meter stands when its next request is dispatched, were every queue given its part all the time. */
  nextDispatchR = 0;
  /** Sums over what waits. */
  initialSeatsWaiting = 0;
  maxSeatsWaiting = 0;
  /** Seat-seconds. */
  workWaiting = 0;

  get length(): number {
    return this.#waiting.size;
  }

  /** Neither waiting nor executing requests. */
  get isIdle(): boolean {
    return this.#waiting.size === 0 && this.executing.size === 0;
  }

  get oldest(): FlowRequest | undefined {
    if (this.#waiting.size === 0) return undefined;
    return this.#waiting.values().next().value;
  }

  waiting(): Iterable<FlowRequest> {
    return this.#waiting.values();
  }

  add(request: FlowRequest): void {
    this.#waiting.add(request);
    this.#count(request, 1);
  }

  /** False where it no longer waits. */
  remove(request: FlowRequest): boolean {
    if (!this.#waiting.delete(request)) return false;
    this.#count(request, -1);
    // Sums of fractions leave a rest.
    if (this.#waiting.size === 0) this.workWaiting = 0;
    return true;
  }

  /** No request is dispatched before it came: a queue saves nothing up while it could have had more than it asked for. */
  bound(): void {
    const { oldest } = this;
    if (oldest && this.nextDispatchR < oldest.arrivalR) this.nextDispatchR = oldest.arrivalR;
  }

  #count(request: FlowRequest, sign: 1 | -1): void {
    this.initialSeatsWaiting += sign * request.arrival.estimate.initialSeats;
    this.maxSeatsWaiting += sign * request.maxSeats;
    this.workWaiting += sign * request.work;
  }
}
