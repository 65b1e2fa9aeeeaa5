import { hash } from "node:crypto";
import type { Clock } from "../../../base/index.ts";
import { type Arrival, ESTIMATED_SECONDS, FlowRequest } from "./flow-request.ts";
import type { RejectReason } from "./flow-stats.ts";
import { RequestQueue } from "./request-queue.ts";
import { SeatDemand } from "./seat-demand.ts";
import { SeatsToGiveBack } from "./seats-to-give-back.ts";
import { dealHand } from "./shuffle-sharding.ts";

/** What is done with requests for which there is no seat: all get one, they are turned away, or they wait in queues. */
export type Queuing =
  | { type: "Exempt" }
  | { type: "Reject" }
  | { type: "Queue"; queues: number; handSize: number; queueLengthLimit: number };

/** Hands that are known, so that few flows are hashed for each request, and many fill no memory. */
const MAX_HANDS = 1000;

/**
 * The seats of one priority level, and the queues before them: fair queuing for server requests. The progress meter R tells
 * how many seat-seconds each queue that is in use has been given; the queue whose oldest request would be done first, were
 * all given the same, is next. As it is not known how long a request takes, it is guessed, and put right at its end
 * (upstream fairqueuing/queueset).
 */
export class QueueSet {
  readonly #clock: Clock;
  readonly demand: SeatDemand;
  readonly #lingering: SeatsToGiveBack;
  /** Called when nothing waits or executes any more. */
  readonly #onIdle: () => void;
  #queuing: Queuing = { type: "Reject" };
  #limit = 0;
  /** More than there are to be while those that are in use run empty. */
  #queues: RequestQueue[] = [];
  readonly #hands = new Map<string, readonly number[]>();
  /** Executing requests that came through no queue. */
  readonly #unqueued = new Set<FlowRequest>();
  #r = 0;
  #syncedAtMs: number;
  /** Where the queue stands that was last dispatched from. */
  #robin = 0;
  #enqueues = 0;
  #queuesInUse = 0;
  waiting = 0;
  seatsWaiting = 0;
  executing = 0;
  seatsInUse = 0;
  dispatched = 0;
  rejected = 0;
  cancelled = 0;

  constructor(options: { clock: Clock; onIdle?: () => void }) {
    this.#clock = options.clock;
    this.#onIdle = options.onIdle ?? (() => {});
    this.#syncedAtMs = options.clock.monotonicMs();
    this.demand = new SeatDemand(this.#syncedAtMs);
    this.#lingering = new SeatsToGiveBack(options.clock, (requests) => {
      this.#sync();
      for (const request of requests) this.#giveBack(request);
      this.#dispatchAll();
    });
  }

  get isIdle(): boolean {
    return this.waiting === 0 && this.executing === 0;
  }

  get limit(): number {
    return this.#limit;
  }

  get progress(): number {
    return this.#r;
  }

  get queues(): readonly RequestQueue[] {
    return this.#queues;
  }

  get unqueued(): Iterable<FlowRequest> {
    return this.#unqueued;
  }

  /** Requests that wait go on waiting where they are. */
  configure(queuing: Queuing, limit: number): void {
    this.#sync();
    this.#hands.clear();
    this.#queuing = queuing;
    this.#limit = limit;
    while (this.#queues.length < this.#wantedQueues) this.#queues.push(new RequestQueue());
    for (const queue of this.#queues.toReversed()) this.#removeIfSpare(queue);
    this.#dispatchAll();
  }

  /** Executing where there is a seat for it at once, or waiting (`wait`); why it is turned away otherwise. */
  start(arrival: Arrival): FlowRequest | RejectReason {
    const queuing = this.#queuing;
    this.#sync();
    if (queuing.type === "Queue") return this.#enqueue(arrival, queuing);
    const request = new FlowRequest(arrival, { nowMs: this.#syncedAtMs, r: this.#r });
    if (queuing.type === "Reject" && !this.#hasSeatsFor(request.maxSeats)) {
      return this.#reject(arrival, "concurrency-limit");
    }
    this.#unqueued.add(request);
    this.#execute(request);
    return request;
  }

  /** Resolves with whether it executes; false where it has waited too long, or its client has gone. */
  wait(request: FlowRequest, limitMs: number, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const giveUp = () => {
        if (!this.#eject(request)) return;
        request.decide(false);
        if (this.isIdle) this.#onIdle();
      };
      const cancel = this.#clock.after(limitMs, giveUp, { unref: true });
      signal.addEventListener("abort", giveUp, { once: true });
      request.decide = (executes) => {
        cancel();
        signal.removeEventListener("abort", giveUp);
        resolve(executes);
      };
      if (signal.aborted) giveUp();
    });
  }

  /** The request is over; what it causes may go on. */
  finish(request: FlowRequest): void {
    this.#sync();
    const { queue, arrival } = request;
    this.executing--;
    arrival.stats.executing--;
    if (queue) {
      queue.executing.delete(request);
      if (queue.isIdle) this.#queuesInUse--;
      const actualSeconds = (this.#syncedAtMs - request.startedAtMs!) / 1000;
      queue.nextDispatchR -= arrival.estimate.initialSeats * (ESTIMATED_SECONDS - actualSeconds);
      queue.bound();
    } else this.#unqueued.delete(request);
    if (request.lingerMs > 0) this.#lingering.add(request, this.#syncedAtMs + request.lingerMs);
    else this.#giveBack(request);
    this.#dispatchAll();
    if (this.isIdle) this.#onIdle();
  }

  get #wantedQueues(): number {
    return this.#queuing.type === "Queue" ? this.#queuing.queues : 0;
  }

  /** Seats in use and waited for are taken to have been what they are since the last time. */
  #sync(): void {
    const nowMs = this.#clock.monotonicMs();
    const elapsedMs = nowMs - this.#syncedAtMs;
    this.#syncedAtMs = nowMs;
    if (this.#queuesInUse === 0) return;
    const used = Math.min(this.seatsInUse + this.seatsWaiting, this.#limit);
    this.#r += ((used / this.#queuesInUse) * elapsedMs) / 1000;
  }

  #enqueue(arrival: Arrival, queuing: Extract<Queuing, { type: "Queue" }>): FlowRequest | RejectReason {
    const queue = this.#shortestOf(this.#handOf(arrival, queuing));
    if (this.seatsInUse >= this.#limit && queue.length >= queuing.queueLengthLimit) {
      return this.#reject(arrival, "queue-full");
    }
    const request = new FlowRequest(arrival, { nowMs: this.#syncedAtMs, r: this.#r, queue });
    if (queue.isIdle) {
      queue.nextDispatchR = this.#r;
      this.#queuesInUse++;
    }
    queue.add(request);
    this.#countWaiting(request, 1);
    queue.bound();
    arrival.stats.queueLength.observe(queue.length);
    this.#dispatchAll();
    return request;
  }

  #reject({ stats }: Arrival, reason: RejectReason): RejectReason {
    this.rejected++;
    stats.reject(reason);
    return reason;
  }

  #handOf(
    { stats, distinguisher }: Arrival,
    { queues, handSize }: Extract<Queuing, { type: "Queue" }>,
  ): readonly number[] {
    const flow = `${stats.schema}\0${queues > 1 ? distinguisher : ""}`;
    const known = this.#hands.get(flow);
    if (known) return known;
    const entropy = queues > 1 ? hash("sha256", flow, "buffer").readBigUInt64LE() : 0n;
    const hand = dealHand(entropy, queues, handSize);
    if (this.#hands.size >= MAX_HANDS) this.#hands.clear();
    this.#hands.set(flow, hand);
    return hand;
  }

  /** The queue with the least work waiting; of equals another each time, so that flows with common cards meet less. */
  #shortestOf(hand: readonly number[]): RequestQueue {
    const offset = this.#enqueues++ % hand.length;
    let best: RequestQueue | undefined;
    for (let at = 0; at < hand.length; at++) {
      const queue = this.#queues[hand[(offset + at) % hand.length]!]!;
      if (!best || queue.workWaiting < best.workWaiting) best = queue;
    }
    return best!;
  }

  #dispatchAll(): void {
    while (this.waiting > 0 && this.seatsInUse < this.#limit) if (!this.#dispatchNext()) break;
    this.demand.set(this.seatsInUse + this.seatsWaiting, this.#syncedAtMs);
  }

  #dispatchNext(): boolean {
    const at = this.#nextQueue();
    const queue = this.#queues[at]!;
    const request = queue.oldest!;
    if (!this.#hasSeatsFor(request.maxSeats)) {
      request.arrival.stats.noAccommodation++;
      return false;
    }
    // Of equals, the others are next.
    this.#robin = at;
    queue.remove(request);
    this.#countWaiting(request, -1);
    request.fitInto(this.#limit);
    queue.executing.add(request);
    queue.seatsInUse += request.maxSeats;
    queue.nextDispatchR += request.work;
    queue.bound();
    this.#execute(request);
    request.decide(true);
    return true;
  }

  /** Where the queue stands whose oldest request would be done first, had every queue the same of the seats. */
  #nextQueue(): number {
    const { length } = this.#queues;
    let best = -1;
    let earliest = Number.POSITIVE_INFINITY;
    for (let step = 1; step <= length; step++) {
      const at = (this.#robin + step) % length;
      const queue = this.#queues[at]!;
      if (queue.length === 0) continue;
      const doneR = queue.nextDispatchR + queue.oldest!.work;
      if (doneR >= earliest) continue;
      earliest = doneR;
      best = at;
    }
    return best;
  }

  /** Who wants more seats than there are gets them once nobody else executes. */
  #hasSeatsFor(seats: number): boolean {
    if (seats > this.#limit) return this.executing === 0;
    return this.seatsInUse + seats <= this.#limit;
  }

  #execute(request: FlowRequest): void {
    const { stats } = request.arrival;
    request.startedAtMs = this.#syncedAtMs;
    this.executing++;
    this.seatsInUse += request.maxSeats;
    this.dispatched++;
    stats.executing++;
    stats.executingSeats += request.maxSeats;
    if (!request.queue) this.demand.set(this.seatsInUse + this.seatsWaiting, this.#syncedAtMs);
  }

  #giveBack(request: FlowRequest): void {
    const { queue, maxSeats, arrival } = request;
    this.seatsInUse -= maxSeats;
    arrival.stats.executingSeats -= maxSeats;
    if (!queue) return;
    queue.seatsInUse -= maxSeats;
    this.#removeIfSpare(queue);
  }

  #eject(request: FlowRequest): boolean {
    const { queue, arrival } = request;
    this.#sync();
    if (!queue?.remove(request)) return false;
    this.#countWaiting(request, -1);
    if (queue.isIdle) this.#queuesInUse--;
    queue.bound();
    this.cancelled++;
    this.#reject(arrival, "time-out");
    this.#removeIfSpare(queue);
    this.demand.set(this.seatsInUse + this.seatsWaiting, this.#syncedAtMs);
    return true;
  }

  #countWaiting({ maxSeats, arrival }: FlowRequest, sign: 1 | -1): void {
    this.waiting += sign;
    this.seatsWaiting += sign * maxSeats;
    arrival.stats.waiting += sign;
    arrival.stats.waitingSeats += sign * maxSeats;
  }

  #removeIfSpare(queue: RequestQueue): void {
    if (this.#queues.length <= this.#wantedQueues || !queue.isIdle) return;
    const at = this.#queues.indexOf(queue);
    if (at < 0) return;
    this.#queues.splice(at, 1);
    if (this.#robin >= at) this.#robin = Math.max(0, this.#robin - 1);
  }
}
