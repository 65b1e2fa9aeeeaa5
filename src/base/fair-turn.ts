import { systemClock } from "./clock.ts";
import { FairLine } from "./fair-line.ts";

const TURN_MS = 8;
/** What who begins may do at once where others wait: what is short is done with it, the rest waits in line. */
const SHORT_MS = 1;
/** For so long those in line go on in the same round: a round costs as much as many a short piece of work. */
const SHARED_MS = 3;

/** Work that waits for its next turn. */
const waiting = new FairLine<() => void>();
/** Whether the one whose turn is next is already called for. */
let isGiving = false;
/** When the work of this round of the event loop began; undefined before its first piece. */
let roundStartedAtMs: number | undefined;

/**
 * For work that is made of many short synchronous pieces: all of it together holds the event loop for some milliseconds at a
 * time, and one goes on in each round of the loop, or as many as are soon done. Were each given its own milliseconds, many
 * together would hold it for long.
 * Who has many in line does not keep others from their turn: the owners of what waits take turns too.
 */
export class FairTurn {
  readonly #signal: AbortSignal | undefined;
  readonly #owner: string;
  #endsAtMs: number;

  /** Once the signal aborts, the next turn throws its reason. `owner` is for whom the work is done. */
  constructor(signal?: AbortSignal, owner = "") {
    this.#signal = signal;
    this.#owner = owner;
    const nowMs = systemClock.monotonicMs();
    this.#endsAtMs = nowMs + (waiting.isEmpty ? TURN_MS : SHORT_MS);
    roundStart(nowMs);
  }

  get isSpent(): boolean {
    const nowMs = systemClock.monotonicMs();
    return nowMs >= this.#endsAtMs || nowMs - roundStart(nowMs) >= TURN_MS;
  }

  /** Returns at once, or in the next turn when this one is spent. */
  async pause(): Promise<void> {
    if (this.isSpent) await this.next();
  }

  /** Ends this turn. What was read before may have changed afterwards. */
  async next(): Promise<void> {
    await new Promise<void>((resolve) => {
      if (!isGiving) setImmediate(giveTurn);
      isGiving = true;
      waiting.push(this.#owner, resolve);
    });
    this.#signal?.throwIfAborted();
    this.#endsAtMs = systemClock.monotonicMs() + TURN_MS;
  }
}

/**
 * To be awaited before one synchronous piece of some milliseconds (a fork, a mount, a request to the kernel): where many come
 * to theirs in the same round of the event loop, one goes on in each round.
 */
export function fairTurn(owner?: string): Promise<void> {
  return new FairTurn(undefined, owner).pause();
}

/** Goes through what a synchronous generator makes, in turns. */
export async function* inTurns<T>(items: Iterable<T>): AsyncGenerator<T> {
  const turn = new FairTurn();
  for (const item of items) {
    yield item;
    await turn.pause();
  }
}

/** Runs a synchronous generator whose every step is short to its end, in turns; returns what it returns. */
export async function runInTurns<T>(steps: Generator<void, T>, turn = new FairTurn()): Promise<T> {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (turn.isSpent) await turn.next();
  }
}

function giveTurn(): void {
  roundStartedAtMs = undefined;
  giveTurnsUntil(systemClock.monotonicMs() + SHARED_MS);
}

function giveTurnsUntil(endsAtMs: number): void {
  waiting.shift()!();
  afterAllPromises(() => {
    if (waiting.isEmpty) isGiving = false;
    else if (systemClock.monotonicMs() < endsAtMs) giveTurnsUntil(endsAtMs);
    else setImmediate(giveTurn);
  });
}

/** When no promise is left to go on: a tick that is asked for while they do comes after the last of them. */
function afterAllPromises(next: () => void): void {
  queueMicrotask(() => process.nextTick(next));
}

function roundStart(nowMs: number): number {
  if (roundStartedAtMs === undefined) {
    roundStartedAtMs = nowMs;
    setImmediate(endRound);
  }
  return roundStartedAtMs;
}

function endRound(): void {
  roundStartedAtMs = undefined;
}
