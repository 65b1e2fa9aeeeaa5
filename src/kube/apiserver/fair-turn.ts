import { systemClock } from "../../base/index.ts";

const TURN_MS = 8;

/** Requests that wait for their next turn, the first one first. */
const waiting: (() => void)[] = [];

/**
 * For the long work of a request: it holds the event loop for some milliseconds at a time, and of all requests with such work
 * one goes on in each round of the loop. Were each of them let go on after every round, many together would hold it for long.
 */
export class FairTurn {
  /** Where others wait, who begins has little time at first: what is short is done with it, the rest waits in line. */
  #startedAtMs = systemClock.monotonicMs() - (waiting.length > 0 ? TURN_MS - 1 : 0);

  get isSpent(): boolean {
    return systemClock.monotonicMs() - this.#startedAtMs >= TURN_MS;
  }

  /** Ends this turn. What was read before may have changed afterwards. */
  async next(): Promise<void> {
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      if (waiting.length === 1) setImmediate(giveTurn);
    });
    this.#startedAtMs = systemClock.monotonicMs();
  }
}

function giveTurn(): void {
  waiting.shift()!();
  if (waiting.length > 0) setImmediate(giveTurn);
}
