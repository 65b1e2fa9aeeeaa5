import { systemClock } from "../base/index.ts";

const TURN_MS = 8;

/** For long work in this process: everybody else goes first whenever it has held the event loop for long enough. */
export class TurnBudget {
  readonly #signal: AbortSignal | undefined;
  #startedAtMs = systemClock.monotonicMs();

  /** Once the signal aborts, the next turn throws its reason. */
  constructor(signal?: AbortSignal) {
    this.#signal = signal;
  }

  get isSpent(): boolean {
    return systemClock.monotonicMs() - this.#startedAtMs >= TURN_MS;
  }

  /** Ends this turn of the event loop. What was read before may have changed afterwards. */
  async nextTurn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#signal?.throwIfAborted();
    this.#startedAtMs = systemClock.monotonicMs();
  }
}
