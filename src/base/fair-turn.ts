import { systemClock } from "./clock.ts";

const TURN_MS = 8;

/** Work that waits for its next turn, the first first. */
const waiting: (() => void)[] = [];

/**
 * For work that is made of many short synchronous pieces: it holds the event loop for some milliseconds at a time, and of all such
 * work one goes on in each round of the loop. Were each let go on after every round, many together would hold it for long.
 */
export class FairTurn {
  readonly #signal: AbortSignal | undefined;
  /** Where others wait, who begins has little time at first: what is short is done with it, the rest waits in line. */
  #startedAtMs = systemClock.monotonicMs() - (waiting.length > 0 ? TURN_MS - 1 : 0);

  /** Once the signal aborts, the next turn throws its reason. */
  constructor(signal?: AbortSignal) {
    this.#signal = signal;
  }

  get isSpent(): boolean {
    return systemClock.monotonicMs() - this.#startedAtMs >= TURN_MS;
  }

  /** Returns at once, or in the next turn when this one is spent. */
  async pause(): Promise<void> {
    if (this.isSpent) await this.next();
  }

  /** Ends this turn. What was read before may have changed afterwards. */
  async next(): Promise<void> {
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      if (waiting.length === 1) setImmediate(giveTurn);
    });
    this.#signal?.throwIfAborted();
    this.#startedAtMs = systemClock.monotonicMs();
  }
}

/** Goes through what a synchronous generator makes, in turns. */
export async function* inTurns<T>(items: Iterable<T>): AsyncGenerator<T> {
  const turn = new FairTurn();
  for (const item of items) {
    yield item;
    await turn.pause();
  }
}

function giveTurn(): void {
  waiting.shift()!();
  if (waiting.length > 0) setImmediate(giveTurn);
}
